//! A container tool that notes what it is told: its arguments, its standard input, and the arguments of all processes.

use std::path::{Path, PathBuf};

use crate::project::Project;

/// Behaves as `docker` with images that are files: the name is the file, the id its content.
const SCRIPT: &str = r#"#!/bin/sh
folder=$(dirname "$0")
echo "$*" >>"$folder/arguments"
file() { echo "$folder/images/$(echo "$1" | tr '/:@' '___')"; }
if [ -e "$folder/fails-$1" ]; then echo "no: $1"; exit 37; fi
if [ -e "$folder/hangs-$1" ]; then touch "$folder/hangs"; exec sleep 600; fi
case "$1" in
login) cat >"$folder/password"; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' >"$folder/processes"; echo "hello $(cat "$folder/password")" ;;
build) echo "building"; echo "sha256:built-$5" >"$(file "$5")" ;;
image) cat "$(file "$5")" 2>/dev/null || { echo "Error: No such image: $5" >&2; exit 1; } ;;
tag) cp "$(file "$2")" "$(file "$3")" ;;
push) touch "$(file "pushed-${2##*/}")" ;;
esac
"#;

/// Where the tool and its notes are.
pub(crate) struct Fake {
    folder: PathBuf,
}

impl Fake {
    pub(crate) fn of(project: &Project) -> Fake {
        let folder = project.path().join("tool");
        std::fs::create_dir_all(folder.join("images")).unwrap();
        std::fs::write(folder.join("docker"), SCRIPT).unwrap();
        let mut permissions = std::fs::metadata(folder.join("docker")).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
        std::fs::set_permissions(folder.join("docker"), permissions).unwrap();
        Fake { folder }
    }

    /// The option that names it.
    pub(crate) fn option(&self) -> String {
        format!("--tool {}", self.folder.join("docker").display())
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    /// From now on this command of the tool fails, or hangs.
    pub(crate) fn let_it(&self, what: &str) {
        std::fs::write(self.folder.join(what), "").unwrap();
    }

    /// An image is on this machine.
    pub(crate) fn image(&self, name: &str, id: &str) {
        let file = name.replace(['/', ':', '@'], "_");
        std::fs::write(self.folder.join("images").join(file), id).unwrap();
    }

    /// The file that is there once the image was pushed.
    pub(crate) fn pushed(&self, name: &str) -> PathBuf {
        Path::new(&self.folder).join("images").join(format!("pushed-{}", name.replace(':', "_")))
    }
}

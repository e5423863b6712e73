//! The two published packages that everything generated is made from.
//!
//! They are fetched by name and exact version through the package managers' own clients, kept in the target
//! folder, and refused unless their checksum is the one written here.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::cfn_lint::CfnLint;
use crate::spec::Spec;

/// A package we generate from.
pub(crate) struct Package {
    /// The name in its registry.
    pub(crate) name: &'static str,
    /// The exact version.
    pub(crate) version: &'static str,
    /// Its licence's SPDX identifier.
    pub(crate) license: &'static str,
    /// The SHA-256 of the file below.
    pub(crate) sha256: &'static str,
    /// The file that the package manager downloads.
    file: &'static str,
    /// The package manager that downloads it.
    client: Client,
}

enum Client {
    Npm,
    Pip,
}

/// What `Ref` returns, attributes, tags, stateful types and relationships.
pub(crate) const SERVICE_SPEC: Package = Package {
    name: "@aws-cdk/aws-service-spec",
    version: "0.1.216",
    license: "Apache-2.0",
    sha256: "2305b840c961bf7ab982a3e67a44cd2fe1f8fad78d8f2598c0fd36fbf17c9af8",
    file: "aws-cdk-aws-service-spec-0.1.216.tgz",
    client: Client::Npm,
};

/// Patterns, ranges, typed formats, create-only properties and handler permissions.
pub(crate) const CFN_LINT: Package = Package {
    name: "cfn-lint",
    version: "1.58.0",
    license: "MIT-0",
    sha256: "9d9f06043160756a6158f5c3f92a44ce38254b1c578127461608305bc8262987",
    file: "cfn_lint-1.58.0-py3-none-any.whl",
    client: Client::Pip,
};

/// Both sources, read.
pub(crate) struct Sources {
    pub(crate) spec: Spec,
    pub(crate) lint: CfnLint,
}

impl Sources {
    /// Fetches what is not yet in the folder `cache`, verifies and reads both packages.
    pub(crate) fn load(cache: &Path) -> Result<Sources> {
        fs::create_dir_all(cache).with_context(|| format!("creating {}", cache.display()))?;
        let spec = Spec::read(&database(&SERVICE_SPEC.bytes(cache)?)?)?;
        let lint = CfnLint::read(&CFN_LINT.bytes(cache)?)?;
        Ok(Sources { spec, lint })
    }
}

impl Package {
    /// The package's file, downloaded if need be, with its checksum verified.
    fn bytes(&self, cache: &Path) -> Result<Vec<u8>> {
        let path = cache.join(self.file);
        if !path.exists() {
            self.download(cache)?;
        }
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let found = hex(&Sha256::digest(&bytes));
        if found != self.sha256 {
            bail!(
                "{} {} has the checksum {found}, not {}\n\nhint: delete {} and run again; if it stays, the package was changed after it was pinned",
                self.name,
                self.version,
                self.sha256,
                path.display()
            );
        }
        Ok(bytes)
    }

    fn download(&self, cache: &Path) -> Result<()> {
        let mut command = match self.client {
            Client::Npm => {
                let mut npm = Command::new("npm");
                npm.args(["pack", "--silent", "--pack-destination"]).arg(cache);
                npm.arg(format!("{}@{}", self.name, self.version));
                npm
            }
            Client::Pip => {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"]).arg(cache);
                pip.arg(format!("{}=={}", self.name, self.version));
                pip
            }
        };
        // npm prints the file's name: stdout is not ours to give it.
        let output =
            command.output().with_context(|| format!("starting {}", command.get_program().display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("downloading {} {} failed ({}):\n{said}", self.name, self.version, output.status);
        }
        Ok(())
    }
}

/// The folder in which downloads are kept: `codegen` in Cargo's target folder.
pub(crate) fn cache(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("codegen")
}

/// The database inside the npm package.
fn database(package: &[u8]) -> Result<Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(package));
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.path()?.ends_with("package/db.json.gz") {
            let mut json = Vec::new();
            GzDecoder::new(&mut entry).read_to_end(&mut json)?;
            return Ok(json);
        }
    }
    bail!("{} holds no db.json.gz", SERVICE_SPEC.name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

//! `images build`: images from the folders of the repository.

use serde::Serialize;
use serde_json::json;

use super::chosen::{chosen, refuse, with};
use super::source::{From, Origin, Source, Tag};
use crate::aws::Aws;
use crate::problem::{Failure, Problem, Result};
use crate::project::BuiltImage;
use crate::session::Session;
use crate::tool::{Tool, ToolOption};

/// Build images with the container tool of this machine
///
/// Each is built for the processor that its service runs on, and tagged with the commit; where its folder has changes that
/// are in no commit, the tag ends with `-dirty`. What the tool says goes to stderr.
#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// Images by name [default: all]
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,

    #[command(flatten)]
    origin: Origin,

    #[command(flatten)]
    tool: ToolOption,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    image: String,
    name: String,
    tag: String,
    platform: String,
    /// Whether it has what is in no commit.
    dirty: bool,
    id: Option<String>,
}

pub(super) fn run(args: &Build, session: &mut Session<'_>) -> Result<()> {
    let images = chosen(&args.images, session)?.images;
    let aws = Aws::new(&session.global)?;
    let tool = args.tool.find(&aws, &mut session.printer)?;
    let source = args.origin.find();
    let tags = tags(&images, |image| source.must_have(image).and_then(|()| source.tag(image)))?;
    let mut rows = Vec::new();
    for (image, tag) in images.iter().zip(tags) {
        let name = build(image, &tag, &source, &tool, &aws, session)?;
        let id = aws.run(tool.image_id(&name, &mut with(&aws, session)))?;
        rows.push(Row {
            image: image.container.clone(),
            name,
            tag: tag.name,
            platform: image.platform.clone(),
            dirty: tag.from == From::Dirty,
            id,
        });
    }
    if session.printer.json() {
        return session.printer.result_json(&json!({ "built": rows }));
    }
    let line = |row: &Row| format!("{} is built for {}\n", row.name, row.platform);
    session.printer.result_in_lines(&rows.iter().map(line).collect::<String>())
}

/// A tag for each image, or everything that is in the way of it.
pub(super) fn tags(
    images: &[BuiltImage],
    tag: impl Fn(&BuiltImage) -> std::result::Result<Tag, Box<Problem>>,
) -> Result<Vec<Tag>, Failure> {
    let (mut tags, mut problems) = (Vec::new(), Vec::new());
    for image in images {
        match tag(image) {
            Ok(tag) => tags.push(tag),
            Err(problem) => problems.push(*problem),
        }
    }
    refuse(problems).map(|()| tags)
}

/// Builds one image and gives its name on this machine.
pub(super) fn build(
    image: &BuiltImage,
    tag: &Tag,
    source: &Source,
    tool: &Tool,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result<String> {
    let name = local_name(image, tag);
    session.printer.status(&format!("builds {name} for {}", image.platform));
    let folder = source.folder(image);
    aws.run(tool.build(&name, &image.platform, &folder.to_string_lossy(), &mut with(aws, session)))?;
    Ok(name)
}

/// What an image is called on this machine.
pub(super) fn local_name(image: &BuiltImage, tag: &Tag) -> String {
    format!("{}:{}", image.repository, tag.name)
}

//! The deployments of a service, as a table.

use std::fmt::Write;

use cloud::{CloudError, Deployments, MadeBy, NumberedDeployment, RecordedImage};

use crate::commands::estate::{InService, Place};
use crate::commands::events_text::date;
use crate::problem::Printable;

/// How much of a digest is shown: enough to tell images apart.
const DIGEST: usize = 12;

/// The newest `most` deployments of a service.
pub(crate) async fn listed(
    place: &Place,
    service: &InService,
    most: usize,
) -> Result<Deployments, CloudError> {
    cloud::deployments(&place.connection, &service.service, &place.inventory.stack.stack_id, most).await
}

/// The table; its last column is the longest, and the images come in lines of their own, so that it fits 80 columns.
pub(crate) fn text(known: &Deployments) -> String {
    let rows: Vec<[String; 4]> = known.deployments.iter().map(|one| row(one, known)).collect();
    let head = ["", "registered (UTC)", "by", "outcome"].map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&head]).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2), 0];
    let line = |cells: &[String; 4]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(&head);
    for (cells, one) in rows.iter().zip(&known.deployments) {
        text += &line(cells);
        for image in &one.images {
            let _ = writeln!(text, "{:1$}  {2}", "", widths[0], image_text(image));
        }
    }
    if known.cut {
        text += "older ones are not shown\n";
    }
    text
}

fn row(one: &NumberedDeployment, known: &Deployments) -> [String; 4] {
    let mark = if one.number == known.current { "*" } else { " " };
    let again = one.rollouts.iter().filter(|rollout| rollout.status == "SUCCESSFUL").count();
    let times = if again > 1 { format!(", deployed {again} times") } else { String::new() };
    [
        format!("{mark} v{}", one.number),
        one.registered.map(date).unwrap_or_default(),
        made_by(&one.by),
        format!("{}{times}", one.ending.text()),
    ]
}

fn made_by(by: &MadeBy) -> String {
    match by {
        MadeBy::CloudFormation { operation, what } => {
            let id: String = operation.chars().take(8).collect();
            format!("{} {}", Printable(what), Printable(&id))
        }
        MadeBy::Outside => "outside the stack".to_owned(),
        MadeBy::Unknown => "not known".to_owned(),
    }
}

fn image_text(image: &RecordedImage) -> String {
    let name = image.image.split('@').next().unwrap_or_default();
    // The registry is the same for all, and long.
    let name = name.split_once('/').filter(|(host, _)| host.contains('.')).map_or(name, |(_, name)| name);
    let digest = match &image.digest {
        Some(digest) => {
            let digits = digest.trim_start_matches("sha256:");
            format!("@{}", digits.chars().take(DIGEST).collect::<String>())
        }
        None => " (its digest is not known)".to_owned(),
    };
    format!("{}: {}{}", Printable(&image.container), Printable(name), Printable(&digest))
}

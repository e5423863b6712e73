//! The page of `diff --format html` in a real browser, where there is one.

use std::process::{Command, Stdio};

use crate::project::Project;

/// The names under which Chromium is installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Opens the page in frames of both widths, with all that is folded, and writes what is seen into its own title.
const HARNESS: &str = "<!doctype html><meta charset=utf-8><body><script>
const seen = {};
for (const width of [375, 1440]) {
  const frame = document.createElement('iframe');
  frame.width = width;
  frame.src = 'page.html';
  frame.onload = () => {
    const page = frame.contentDocument;
    for (const fold of page.querySelectorAll('details')) fold.open = true;
    seen[width] = {
      wide: page.documentElement.scrollWidth,
      loaded: frame.contentWindow.performance.getEntriesByType('resource').map(entry => entry.name),
      folds: page.querySelectorAll('details').length,
      styled: frame.contentWindow.getComputedStyle(page.querySelector('del')).backgroundColor,
    };
    document.title = JSON.stringify(seen);
  };
  document.body.append(frame);
}
</script>";

#[test]
fn the_page_needs_nothing_else_and_fits_a_phone_and_a_desk() {
    let found = |name: &&&str| {
        let version =
            Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let Some(browser) = BROWSERS.iter().find(found) else {
        eprintln!("skipped: none of {} is installed", BROWSERS.join(", "));
        return;
    };
    let project = Project::new();
    let template = project.run(["synth", "DocuThinkerStack"]).success();
    project.write("old.yaml", &template);
    project.write("new.yaml", template.replace("CidrBlock: 10.0.0.0/16", "CidrBlock: 10.0.0.0/17"));
    let compare = ["diff", "--template", "new.yaml", "--against", "old.yaml", "--format", "html"];
    project.write("page.html", project.run(compare).success());
    let harness = project.write("harness.html", HARNESS);
    let output = project
        .other(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-component-update"])
        .args(["--disable-background-networking", "--disable-sync", "--allow-file-access-from-files"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", project.path().join("profile").display()))
        .arg(format!("file://{}", harness.display()))
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(!messages.contains("CONSOLE"), "{messages}");
    let page = String::from_utf8_lossy(&output.stdout);
    let title = page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    let seen: serde_json::Value = serde_json::from_str(title.expect(&messages)).unwrap();
    for width in [375, 1440] {
        let seen = &seen[width.to_string()];
        assert!(seen["wide"].as_u64().unwrap() <= width, "nothing is cut off at {width}: {seen}");
        assert_eq!(seen["loaded"], serde_json::json!([]), "nothing is loaded");
        assert!(seen["folds"].as_u64().unwrap() > 0, "{seen}");
        assert_ne!(seen["styled"], "rgba(0, 0, 0, 0)", "the page's own style is let through");
    }
}

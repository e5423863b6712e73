//! The page of `diff --format html` in a real browser, where there is one.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::project::Project;

/// The names under which Chromium is installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Opens the page in frames of both widths, with all that is folded, and writes what is seen into its own title.
const HARNESS: &str = "<!doctype html><meta charset=utf-8><body><script>
const seen = {};
const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
const light = colour => {
  const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const [red, green, blue] = numbers(colour).map(part);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const isClear = colour => numbers(colour)[3] === 0;
for (const width of [375, 1440]) {
  const frame = document.createElement('iframe');
  frame.width = width;
  frame.src = 'page.html';
  frame.onload = () => {
    const page = frame.contentDocument;
    const style = element => frame.contentWindow.getComputedStyle(element);
    const contrast = element => {
      let behind = element;
      while (behind.parentElement && isClear(style(behind).backgroundColor)) behind = behind.parentElement;
      const sides = [style(element).color, style(behind).backgroundColor].map(light).sort((a, b) => b - a);
      return (sides[0] + 0.05) / (sides[1] + 0.05);
    };
    for (const fold of page.querySelectorAll('details')) fold.open = true;
    const written = [...page.body.querySelectorAll('*')].filter(element =>
      [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && element.getClientRects().length);
    const pale = written.filter(element => contrast(element) < 4.5);
    seen[width] = {
      wide: page.documentElement.scrollWidth,
      loaded: frame.contentWindow.performance.getEntriesByType('resource').map(entry => entry.name),
      folds: page.querySelectorAll('details').length,
      styled: style(page.querySelector('del')).backgroundColor,
      dark: light(style(page.body).backgroundColor) < 0.05,
      written: written.length,
      pale: pale.map(element => `${element.outerHTML.slice(0, 80)} ${contrast(element)}`),
    };
    document.title = JSON.stringify(seen);
  };
  document.body.append(frame);
}
</script>";

/// What the harness sees with an option of the browser.
fn seen(browser: &str, project: &Project, option: &str) -> Value {
    let output = project
        .other(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-component-update"])
        .args(["--disable-background-networking", "--disable-sync", "--allow-file-access-from-files"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", option])
        .arg(format!("--user-data-dir={}", project.path().join("profile").display()))
        .arg(format!("file://{}", project.path().join("harness.html").display()))
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(!messages.contains("CONSOLE"), "{messages}");
    let page = String::from_utf8_lossy(&output.stdout);
    let title = page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    // What is written in a title is escaped.
    let title = title.expect(&messages).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&title).unwrap()
}

#[test]
fn the_page_needs_nothing_else_fits_a_phone_and_a_desk_and_can_be_read_by_day_and_by_night() {
    let found = |name: &&&str| {
        let version =
            Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let Some(browser) = BROWSERS.iter().find(found) else {
        crate::skip::skipped(&format!("none of {} is installed", BROWSERS.join(", ")));
        return;
    };
    let project = Project::new();
    let template = project.run(["synth", "DocuThinkerStack"]).success();
    project.write("old.yaml", &template);
    project.write("new.yaml", template.replace("CidrBlock: 10.0.0.0/16", "CidrBlock: 10.0.0.0/17"));
    let compare = ["diff", "--template", "new.yaml", "--against", "old.yaml", "--format", "html"];
    project.write("page.html", project.run(compare).success());
    project.write("harness.html", HARNESS);
    for (option, dark) in [("--blink-settings=preferredColorScheme=1", false), ("--force-dark-mode", true)] {
        let both = seen(browser, &project, option);
        for width in [375, 1440] {
            let seen = &both[width.to_string()];
            assert!(seen["wide"].as_u64().unwrap() <= width, "nothing is cut off at {width}: {seen}");
            assert_eq!(seen["loaded"], json!([]), "nothing is loaded");
            assert!(seen["folds"].as_u64().unwrap() > 0, "{seen}");
            assert_ne!(seen["styled"], "rgba(0, 0, 0, 0)", "the page's own style is let through");
            assert_eq!(seen["dark"], dark, "{option}: {seen}");
            assert!(seen["written"].as_u64().unwrap() > 50, "{seen}");
            assert_eq!(seen["pale"], json!([]), "{option}: every text stands out from what is behind it");
        }
    }
}

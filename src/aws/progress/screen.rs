//! The part of the terminal that is written again and again.
//!
//! The cursor is never hidden and always stands below the picture, so that there is nothing to restore: a panic, a second
//! Ctrl-C or `kill -9` leaves a terminal as it should be.

use console::Term;

use super::render::columns;

/// The lines that are on the screen now.
pub(crate) struct Screen {
    term: Term,
    /// How many columns each drawn line takes.
    drawn: Vec<usize>,
}

impl Screen {
    /// Nothing is drawn yet.
    pub(crate) fn new() -> Screen {
        Screen { term: Term::buffered_stderr(), drawn: Vec::new() }
    }

    /// The columns and lines that a picture may take: no more than half-hidden lines and the cursor's own leave.
    pub(crate) fn room(&self) -> (usize, usize) {
        let (lines, columns) = self.term.size();
        (usize::from(columns).saturating_sub(1), usize::from(lines).saturating_sub(1))
    }

    /// Draws over what is there, in one write. Nobody can be told that a terminal is gone.
    ///
    /// Line by line: some terminals keep a screen that is cleared as a whole in their history.
    pub(crate) fn draw(&mut self, lines: &[String]) {
        let before = self.go_to_the_top();
        for line in lines {
            let _ = self.term.clear_line();
            let _ = self.term.write_line(line);
        }
        let too_many = before.saturating_sub(lines.len());
        for _ in 0..too_many {
            let _ = self.term.clear_line();
            let _ = self.term.write_line("");
        }
        // What was typed meanwhile stands in the cursor's line.
        let _ = self.term.clear_line();
        let _ = self.term.move_cursor_up(too_many);
        let _ = self.term.flush();
        self.drawn =
            lines.iter().map(|line| columns(&anstream::adapter::strip_str(line).to_string())).collect();
    }

    /// Takes the picture away.
    pub(super) fn clear(&mut self) {
        if !self.drawn.is_empty() {
            self.draw(&[]);
        }
    }

    /// How many rows the picture takes: lines that no longer fit, because the window became narrower, stand in several.
    fn go_to_the_top(&mut self) -> usize {
        let (height, width) = self.term.size();
        let rows: usize =
            self.drawn.drain(..).map(|columns| columns.max(1).div_ceil(usize::from(width).max(1))).sum();
        let rows = rows.min(usize::from(height).saturating_sub(1));
        let _ = self.term.move_cursor_up(rows);
        rows
    }
}

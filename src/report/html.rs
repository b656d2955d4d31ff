//! One self-contained page: no scripts, nothing loaded, everything escaped.

use super::view::{Axis, Block, LaneSpan, Mark, Order, OrderRow, Table, Tone, View};
use askama::Template;

#[derive(Template)]
#[template(path = "access/access.html", config = ".askama.toml")]
struct Page<'a> {
    view: &'a View,
}

pub fn page(view: &View) -> Result<String, askama::Error> {
    Page { view }.render()
}

impl Page<'_> {
    /// Height of a lane of the time line, in thousandths of its width.
    const LANE: usize = 36;

    fn axis_height(&self, axis: &Axis) -> usize {
        axis.lanes.len() * Self::LANE + 52
    }

    fn order_height(&self, order: &Order) -> usize {
        order.rows.len() * Self::LANE
    }

    /// What has no room beside the lines keeps its beginning and its end: names often differ in one of them.
    fn short(&self, label: &str) -> String {
        const ROOM: usize = 25;
        let letters: Vec<char> = label.chars().collect();
        if letters.len() <= ROOM {
            return label.to_owned();
        }
        let (mut begin, mut end) = (ROOM / 2, letters.len() - ROOM / 2);
        // No word is cut where whole ones are left on both sides of it.
        if letters[begin] != ' ' {
            begin = letters[..begin].iter().rposition(|letter| *letter == ' ').unwrap_or(begin);
        }
        if letters[end - 1] != ' ' {
            end += letters[end..].iter().position(|letter| *letter == ' ').map_or(0, |space| space + 1);
        }
        let (begin, end) = (letters[..begin].iter(), letters[end..].iter());
        begin.chain(['…'].iter()).chain(end).collect()
    }

    /// Drawn so that it can be seen, however short.
    fn length(&self, span: &LaneSpan) -> u64 {
        span.until.saturating_sub(span.from).max(2)
    }

    fn row_end(&self, row: &OrderRow) -> u64 {
        row.marks.iter().map(|mark| mark.at).max().unwrap_or_default() + 250
    }

    fn scale(&self, mark: &Mark) -> &'static str {
        match mark.size {
            0 | 1 => "1.2",
            2 => "1.5",
            3 => "1.85",
            _ => "2.2",
        }
    }

    fn share(&self, table: &Table, width: &u32) -> u32 {
        width * 100 / table.columns.iter().map(|column| column.width).sum::<u32>().max(1)
    }

    fn is_number(&self, table: &Table, column: &usize) -> bool {
        table.columns.get(*column).is_some_and(|column| column.is_number)
    }

    /// Whether the rows say what they are by a mark in front.
    fn is_toned(&self, table: &Table) -> bool {
        table.rows.iter().any(|row| !matches!(row.tone, Tone::Plain | Tone::Missing))
    }
}

//! Tables without lines: columns are as wide as their widest cell and four spaces apart.

use unicode_width::UnicodeWidthStr;

const GAP: &str = "    ";

/// The rows as lines, each with a line end, and without spaces at it. Rows may be of different lengths.
pub(super) fn table<R: AsRef<[String]>>(rows: &[R]) -> String {
    let columns = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.as_ref().get(column));
    let widths: Vec<usize> =
        (0..columns).map(|column| cells(column).map(|c| c.width()).max().unwrap_or(0)).collect();
    let line = |row: &R| {
        let cells = row.as_ref().iter().zip(&widths);
        // `{:width$}` would count characters, of which some take two columns.
        let padded = cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        let line = padded.collect::<Vec<_>>().join(GAP);
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["NAME", "ID", "SIZE"], ["a", "123456789012", "-"], ["日本語モデル", "x", "2.0 GB"]];
        insta::assert_snapshot!(table(&rows.map(|row| row.map(str::to_owned))), @r"
        NAME            ID              SIZE
        a               123456789012    -
        日本語モデル    x               2.0 GB
        ");
    }

    #[test]
    fn rows_may_be_short() {
        let rows =
            [vec!["a".to_owned(), "long".to_owned(), "c".to_owned()], vec![], vec!["longer".to_owned()]];
        assert_eq!(table(&rows), "a         long    c\n\nlonger\n");
        assert_eq!(table::<Vec<String>>(&[]), "");
    }

    proptest! {
        #[test]
        fn every_cell_starts_in_its_column(rows in prop::collection::vec(prop::array::uniform3("[a-z]{1,9}"), 1..5)) {
            let text = table(&rows);
            let starts = |line: &str| -> Vec<usize> {
                let start = |i: &usize| line[*i..].starts_with(|c: char| c != ' ') && (*i == 0 || line[..*i].ends_with(' '));
                (0..line.len()).filter(start).collect()
            };
            let first = starts(text.lines().next().unwrap_or_default());
            prop_assert_eq!(first.len(), 3);
            prop_assert!(text.lines().all(|line| starts(line) == first));
        }
    }
}

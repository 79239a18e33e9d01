//! Names on one line.

/// Names on one line, at the most.
const NAMED: usize = 4;

/// The first few names, and how many more there are.
pub fn named(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A number with commas: `5,000`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        let check = |number, want: &str| assert_eq!(thousands(number), want);
        check(0, "0");
        check(999, "999");
        check(5_000, "5,000");
        check(1_234_567, "1,234,567");
    }
}

//! RFC 3339, as the API writes moments.

/// Seconds since the Unix epoch of `2026-11-20T07:08:09Z`, with a fraction (dropped) or an offset if need be. `None` for
/// anything else, and for the first second of year 1, which the API takes for no moment at all.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| bytes.get(*at) != Some(byte)) {
        return None;
    }
    let [year, month, day] = [number(text, 0..4)?, number(text, 5..7)?, number(text, 8..10)?];
    let [hour, minute, second] = [number(text, 11..13)?, number(text, 14..16)?, number(text, 17..19)?];
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let zone = rest.strip_prefix('.').map_or(rest, |r| r.trim_start_matches(|c: char| c.is_ascii_digit()));
    let clock = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let seconds = clock - offset(zone)?;
    (seconds != days(1, 1, 1) * 86_400).then_some(seconds)
}

fn number(text: &str, range: std::ops::Range<usize>) -> Option<i64> {
    let digits = text.get(range)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, zone.get(1..)?),
        b'-' => (-1, zone.get(1..)?),
        _ => return None,
    };
    if rest.len() != 5 || rest.as_bytes()[2] != b':' {
        return None;
    }
    Some(sign * (number(rest, 0..2)? * 3600 + number(rest, 3..5)? * 60))
}

/// Days from 1970-01-01, by the Gregorian calendar: years begin in March here, so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<i64>) {
        assert_eq!(seconds(text), want, "{text}");
    }

    #[test]
    fn moments() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("2026-11-20T07:08:09Z", Some(1_795_158_489));
        check("2026-11-20T07:08:09.123456Z", Some(1_795_158_489));
        check("2026-11-20T08:08:09+01:00", Some(1_795_158_489));
        check("2024-02-29T00:00:00-00:30", Some(1_709_166_600));
        check("1969-12-31T23:59:59Z", Some(-1));
    }

    #[test]
    fn what_is_no_moment() {
        for text in ["", "0001-01-01T00:00:00Z", "2026-11-20", "2026-11-20 07:08:09Z", "2026-13-01T00:00:00Z"]
        {
            check(text, None);
        }
        for text in
            ["2026-11-20T07:08:09", "2026-11-20T07:08:0éZ", "+026-11-20T07:08:09Z", "2026-11-20T07:08:09+1"]
        {
            check(text, None);
        }
    }
}

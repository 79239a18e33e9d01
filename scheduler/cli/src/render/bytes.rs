//! Amounts of resources as people write them.

use longshore_framework::resources::{CPU, EPHEMERAL_STORAGE, MEMORY};

/// `amount` of a resource: cpu in cores, small amounts in thousandths, storage with a binary suffix, all else as a number.
pub(crate) fn amount(resource: &str, amount: i64) -> String {
    match resource {
        CPU if amount % 1000 == 0 => (amount / 1000).to_string(),
        CPU if amount.unsigned_abs() > 10_000 => format!("{:.2}", amount as f64 / 1000.0),
        CPU => format!("{amount}m"),
        MEMORY | EPHEMERAL_STORAGE => binary(amount),
        other if other.starts_with("hugepages-") => binary(amount),
        _ => amount.to_string(),
    }
}

/// With the largest suffix that leaves at most one digit behind the point, rounded.
fn binary(bytes: i64) -> String {
    const SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let mut step = 0;
    let mut unit: i64 = 1;
    while step + 1 < SUFFIXES.len() && bytes.unsigned_abs() / 1024 >= unit.unsigned_abs() {
        unit = unit.saturating_mul(1024);
        step += 1;
    }
    if bytes % unit == 0 {
        return format!("{}{}", bytes / unit, SUFFIXES[step]);
    }
    format!("{:.1}{}", bytes as f64 / unit as f64, SUFFIXES[step])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(resource: &str, value: i64, want: &str) {
        assert_eq!(amount(resource, value), want);
    }

    #[test]
    fn amounts_read_as_they_are_written() {
        check("cpu", 1500, "1500m");
        check("cpu", 2000, "2");
        check("cpu", -500, "-500m");
        check("cpu", 67_950, "67.95");
        check("memory", 0, "0");
        check("memory", 1023, "1023");
        check("memory", 2 << 30, "2Gi");
        check("memory", (3 << 30) / 2, "1.5Gi");
        check("memory", i64::MAX, "8.0Ei");
        check("memory", i64::MIN, "-8Ei");
        check("nvidia.com/gpu", 3, "3");
    }
}

//! Amounts of resources as people write them.

use longshore_framework::resources::{CPU, EPHEMERAL_STORAGE, MEMORY};

/// `amount` of a resource: cpu in cores, small amounts in thousandths, storage with a binary suffix, all else as a number.
pub fn amount(resource: &str, amount: i64) -> String {
    match resource {
        CPU if amount % 1000 == 0 => (amount / 1000).to_string(),
        CPU if amount.unsigned_abs() > 10_000 => format!("{:.2}", amount as f64 / 1000.0),
        CPU => format!("{amount}m"),
        _ if is_storage(resource) => binary(amount),
        _ => amount.to_string(),
    }
}

/// The same, exactly: of storage with the largest suffix that divides it.
pub fn exact(resource: &str, amount: i64) -> String {
    match resource {
        // `30.1` is read at a glance, `30100m` is not.
        CPU if amount % 1000 != 0 && amount.unsigned_abs() > 10_000 => (amount as f64 / 1000.0).to_string(),
        CPU if amount % 1000 != 0 => format!("{amount}m"),
        _ if is_storage(resource) => {
            let step = (1..SUFFIXES.len()).take_while(|step| amount != 0 && amount % (1 << (10 * step)) == 0);
            let step = step.last().unwrap_or(0);
            format!("{}{}", amount / (1 << (10 * step)), SUFFIXES[step])
        }
        _ => self::amount(resource, amount),
    }
}

/// The largest round amount that is not larger: of storage whole Mi, or Ki.
pub fn round_down(resource: &str, amount: i64) -> i64 {
    let unit = match amount {
        _ if !is_storage(resource) => 1,
        1_048_576.. => 1 << 20,
        1024.. => 1 << 10,
        _ => 1,
    };
    amount / unit * unit
}

fn is_storage(resource: &str) -> bool {
    matches!(resource, MEMORY | EPHEMERAL_STORAGE) || resource.starts_with("hugepages-")
}

const SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// With the largest suffix that leaves at most one digit behind the point, rounded.
fn binary(bytes: i64) -> String {
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

    #[test]
    fn a_bound_is_written_exactly_and_never_rounded_up() {
        #[track_caller]
        fn check(resource: &str, value: i64, want: &str) {
            let bound = round_down(resource, value);
            assert!(bound <= value);
            assert_eq!(exact(resource, bound), want);
        }
        check("cpu", 500, "500m");
        check("cpu", 67_955, "67.955");
        check("cpu", 30_100, "30.1");
        check("cpu", 9_500, "9500m");
        check("cpu", 3000, "3");
        check("memory", (1 << 30) + 5, "1Gi");
        check("memory", (3 << 29) + (1 << 20) - 1, "1536Mi");
        check("memory", 1023, "1023");
        check("memory", 5000, "4Ki");
        check("memory", i64::MAX, "8796093022207Mi");
        check("memory", 0, "0");
        check("memory", -7, "-7");
        check("example.com/licence", 5000, "5000");
    }
}

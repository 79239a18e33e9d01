//! Work over columns with the widest vectors that the processor has.
//!
//! A program for any x86-64 may use vectors of two numbers of 64 bits only, and nearly every processor has such of four
//! or eight. What is given to [`wide`] is compiled twice, and the processor decides which is run. The results are the
//! same to the last bit: the same operations are done to more numbers at once, and no two of them are made one.

#[cfg(target_arch = "x86_64")]
use fearless_simd::{Level, Simd};

/// Runs `work`. What it calls has to be `#[inline(always)]`, and so has `work` itself; what is not inlined is right but no
/// faster. It is worth it from some hundred numbers on.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    match Level::new().as_avx2() {
        Some(avx2) => avx2.vectorize(work),
        None => work(),
    }
}

/// Runs `work`: whatever the processor has is used already.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_done_once_and_its_result_handed_on() {
        let mut numbers: Vec<f64> = (1..1000).map(f64::from).collect();
        let want: Vec<f64> = numbers.iter().map(|number| (number + 0.1) / 3.0 * 7.0).collect();
        let sum = wide(
            #[inline(always)]
            || {
                numbers.iter_mut().for_each(|number| *number = (*number + 0.1) / 3.0 * 7.0);
                numbers.iter().fold(0, |sum, number| sum + *number as i64)
            },
        );
        assert_eq!(numbers, want);
        assert_eq!(sum, want.iter().fold(0, |sum, number| sum + *number as i64));
    }
}

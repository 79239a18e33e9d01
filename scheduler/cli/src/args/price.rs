//! What nodes cost.

use longshore_framework::labels::Labels;

/// The price of nodes with a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    label: String,
    value: String,
    price: f64,
}

impl Price {
    /// Reads `LABEL=VALUE:PRICE`.
    ///
    /// # Errors
    /// It has another form, or the price is no number from 0.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let form =
            || format!("{text:?} is no price; write it as node.kubernetes.io/instance-type=m5.large:0.096");
        let (label, rest) = text.split_once('=').ok_or_else(form)?;
        let (value, price) = rest.rsplit_once(':').ok_or_else(form)?;
        if label.is_empty() {
            return Err(form());
        }
        let price = price.parse::<f64>().ok().filter(|price| price.is_finite() && *price >= 0.0);
        let price =
            price.ok_or_else(|| format!("the price in {text:?} is no number from 0 on, such as 0.096"))?;
        Ok(Self { label: label.to_string(), value: value.to_string(), price })
    }

    /// The price of a node with these labels: that of the first label that it has.
    pub(crate) fn of(prices: &[Self], labels: &Labels) -> Option<f64> {
        let has = |price: &&Self| labels.get(&price.label).is_some_and(|value| **value == *price.value);
        prices.iter().find(has).map(|price| price.price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<f64, &str>) {
        match (Price::parse(text), want) {
            (Ok(read), Ok(price)) => assert_eq!(read.price, price),
            (Err(error), Err(want)) => assert!(error.contains(want), "{error}"),
            (read, _) => panic!("{text}: {read:?}"),
        }
    }

    #[test]
    fn prices_are_of_a_label() {
        check("a/b=m5.large:0.096", Ok(0.096));
        check("a=:1", Ok(1.0));
        check("a:1", Err("is no price"));
        check("=a:1", Err("is no price"));
        check("a=b", Err("is no price"));
        check("a=b:-1", Err("no number from 0"));
        check("a=b:inf", Err("no number from 0"));
        let prices = [Price::parse("a=b:2").unwrap(), Price::parse("c=d:3").unwrap()];
        let labels = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Labels>();
        assert_eq!(Price::of(&prices, &labels(&[("c", "d"), ("a", "b")])), Some(2.0));
        assert_eq!(Price::of(&prices, &labels(&[("c", "d"), ("a", "x")])), Some(3.0));
        assert_eq!(Price::of(&prices, &labels(&[])), None);
    }
}

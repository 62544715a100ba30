//! What sessions use of their model's provider, as the gateway meters it, and what that costs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Tokens and requests of one model.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Requests that were answered, whatever the answer.
    pub requests: u64,
    /// Of those, how many the provider turned down because of a limit (429, 529).
    pub limited: u64,
    /// Tokens read that no cache held.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// Tokens read from the provider's cache.
    pub cache_read: u64,
    /// Tokens put into the provider's cache.
    pub cache_write: u64,
    /// What it cost, in millionths of a dollar, by the price table of the time.
    pub micro_usd: u64,
    /// Requests whose model has no price, so that they are not in `micro_usd`.
    pub unpriced: u64,
}

impl Usage {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.limited = self.limited.saturating_add(other.limited);
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.micro_usd = self.micro_usd.saturating_add(other.micro_usd);
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
    }

    /// Tokens that filled the model's context: everything that was read and written.
    pub fn context(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.output)
    }
}

/// What a model costs, in dollars for a million tokens, and how much it can hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    pub input: f64,
    /// Tokens written.
    pub output: f64,
    /// Tokens read from the cache; as `input` when absent.
    #[serde(default)]
    pub cache_read: Option<f64>,
    /// Tokens put into the cache; as `input` when absent.
    #[serde(default)]
    pub cache_write: Option<f64>,
    /// Tokens its context holds; [`CONTEXT`] when absent.
    #[serde(default)]
    pub context: Option<u64>,
}

/// Tokens the context of a model holds of which nothing is known.
pub const CONTEXT: u64 = 200_000;

/// Prices by the beginning of a model's name; the longest one that fits counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prices(pub BTreeMap<String, Price>);

impl Prices {
    /// The price of a model.
    pub fn of(&self, model: &str) -> Option<&Price> {
        let fitting = self
            .0
            .iter()
            .filter(|(head, _)| model.starts_with(head.as_str()));
        fitting
            .max_by_key(|(head, _)| head.len())
            .map(|(_, price)| price)
    }

    /// The same usage with its cost.
    pub fn priced(&self, model: &str, usage: Usage) -> Usage {
        let Some(price) = self.of(model) else {
            return Usage {
                unpriced: usage.requests,
                ..usage
            };
        };

        let parts = [
            (usage.input, price.input),
            (usage.output, price.output),
            (usage.cache_read, price.cache_read.unwrap_or(price.input)),
            (usage.cache_write, price.cache_write.unwrap_or(price.input)),
        ];

        // Dollars for a million tokens are millionths of a dollar for one. Below 2^53 tokens the
        // sum is exact enough for any bill.
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "money of one request"
        )]
        let micro_usd = parts
            .iter()
            .map(|(tokens, usd)| *tokens as f64 * usd.max(0.0))
            .sum::<f64>()
            .ceil() as u64;
        Usage { micro_usd, ..usage }
    }

    /// Tokens the context of a model holds.
    pub fn context(&self, model: &str) -> u64 {
        self.of(model)
            .and_then(|price| price.context)
            .unwrap_or(CONTEXT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_that_fits_gives_the_price() {
        let price = |input, output| Price {
            input,
            output,
            cache_read: Some(0.1),
            cache_write: None,
            context: Some(9),
        };
        let prices = Prices(BTreeMap::from([
            ("a-".into(), price(1.0, 2.0)),
            ("a-big".into(), price(3.0, 15.0)),
        ]));

        let used = Usage {
            requests: 1,
            input: 1_000,
            output: 100,
            cache_read: 10,
            cache_write: 5,
            ..Usage::default()
        };
        assert_eq!(
            prices.priced("a-big-2", used).micro_usd,
            3_000 + 1_500 + 1 + 15
        );
        assert_eq!(
            prices.priced("a-small", used).micro_usd,
            1_000 + 200 + 1 + 5
        );
        assert_eq!(
            (
                prices.priced("b", used).micro_usd,
                prices.priced("b", used).unpriced
            ),
            (0, 1)
        );
        assert_eq!((prices.context("a-x"), prices.context("b")), (9, CONTEXT));
    }

    #[test]
    fn every_count_is_added_and_none_overflows() {
        let one = Usage {
            requests: 1,
            limited: 2,
            input: 3,
            output: 4,
            cache_read: 5,
            cache_write: 6,
            micro_usd: 7,
            unpriced: 8,
        };
        let mut sum = one;
        sum.add(&one);
        let twice = Usage {
            requests: 2,
            limited: 4,
            input: 6,
            output: 8,
            cache_read: 10,
            cache_write: 12,
            micro_usd: 14,
            unpriced: 16,
        };
        assert_eq!(sum, twice);
        assert_eq!(one.context(), 3 + 4 + 5 + 6);

        let full = Usage {
            input: u64::MAX,
            ..one
        };
        assert_eq!(full.context(), u64::MAX);
        sum.add(&full);
        assert_eq!(sum.input, u64::MAX);
    }
}

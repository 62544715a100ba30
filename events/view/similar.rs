//! Which features are alike, by what people wrote on them, and what those that were merged really
//! changed: a hint for whoever begins one.

use std::collections::BTreeMap;

use crate::feature::Content;
use crate::id::FeatureId;
use crate::view::projections::ProjectView;

/// Most files and features that a hint names.
const NAMED_MAX: usize = 8;

impl ProjectView {
    /// Files that merged features like this one changed, most often changed first.
    pub fn similar_files(&self, id: &FeatureId) -> Vec<String> {
        let Some(known) = self.feature(id) else {
            return vec![];
        };

        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();

        let alike = self
            .known()
            .filter(|(other, k, _)| *other != id && are_alike(&known.content, &k.content));
        for landed in alike.filter_map(|(other, ..)| self.merge_queue.state.landed.get(other)) {
            landed
                .files
                .iter()
                .for_each(|path| *counted.entry(path).or_default() += 1);
        }

        let mut files: Vec<(usize, &str)> = counted
            .into_iter()
            .map(|(path, count)| (count, path))
            .collect();
        files.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));

        files
            .into_iter()
            .take(NAMED_MAX)
            .map(|(_, path)| path.to_owned())
            .collect()
    }

    /// Features like this one that somebody works on, or whose work is on its way.
    pub fn similar_underway(&self, id: &FeatureId) -> Vec<&FeatureId> {
        let Some(known) = self.feature(id) else {
            return vec![];
        };
        let alike = self.known().filter(|(other, k, _)| {
            *other != id && k.stage.is_underway() && are_alike(&known.content, &k.content)
        });
        alike.map(|(other, ..)| other).take(NAMED_MAX).collect()
    }
}

/// The same category, or a label in common.
fn are_alike(a: &Content, b: &Content) -> bool {
    let category = !a.category.is_empty() && a.category == b.category;
    category || a.labels.iter().any(|label| b.labels.contains(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_or_a_label_makes_features_alike() {
        let of = |category: &str, labels: &[&str]| Content {
            category: category.into(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ..Content::titled("x")
        };

        for (a, b, alike) in [
            (of("", &[]), of("", &[]), false),
            (of("web", &[]), of("web", &["x"]), true),
            (of("web", &[]), of("api", &[]), false),
            (of("web", &["auth", "db"]), of("api", &["db"]), true),
        ] {
            assert_eq!(are_alike(&a, &b), alike, "{a:?} {b:?}");
        }
    }
}

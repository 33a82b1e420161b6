//! The model in each segment of the applicants.

use super::Subject;
use crate::{
    features::schema::{Feature, Kind},
    training::{
        boosting::gradient::sigmoid,
        evaluate::{Outcomes, count},
        intervals::{Interval, Placements, wilson},
        segments::{Group, Labels},
    },
};

/// Segments shown at most; the smallest ones are put together.
const MOST_SEGMENTS: usize = 12;

/// Category features that are shown when the schema names none.
const MOST_DEFAULTS: usize = 6;

/// The rows parted by one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmentation {
    /// The feature's label, or the column's name.
    pub by: String,
    /// Whether the model reads it.
    pub is_read: bool,
    pub segments: Vec<Segment>,
}

/// The model in one segment of the test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub name: String,
    pub rows: usize,
    pub bad: usize,
    /// Where the bad rate lies, by what came.
    pub observed: Interval,
    /// The mean predicted probability.
    pub predicted: f64,
    /// With its interval; `None` when an outcome has fewer than two rows.
    pub auc: Option<(f64, Interval)>,
    /// The share that is not among the riskiest fifth of all test rows.
    pub passed: f64,
}

/// The test rows by what the schema's `[report] segments` names; by its category features when that
/// names nothing.
#[must_use]
pub fn measure(subject: Subject<'_>) -> Vec<Segmentation> {
    let data = subject.data;
    let features = &data.schema.features;
    let by_feature = |index: usize| {
        let labels = Labels::of_feature(&data.schema, index, data.test.columns[index].values().into_owned());
        (features[index].display_label(), true, labels)
    };
    let mut parted: Vec<(String, bool, Labels)> = Vec::new();
    if data.segments.is_empty() {
        let is_category = |feature: &Feature| matches!(feature.kind, Kind::Category | Kind::Boolean);
        let categories = (0..features.len()).filter(|&index| is_category(&features[index]));
        parted.extend(categories.take(MOST_DEFAULTS).map(by_feature));
    }
    for (name, cells) in &data.segments {
        match features.iter().position(|feature| feature.name == *name) {
            Some(index) => parted.push(by_feature(index)),
            None => parted.push((name.clone(), false, Labels::of_column(cells.clone()))),
        }
    }
    let cut = riskiest_fifth(subject.margins);
    let segmentation = |(by, is_read, labels): (String, bool, Labels)| {
        let groups = limited(labels.groups(0..data.test.len()));
        let segments = groups.into_iter().map(|group| segment(subject, cut, group)).collect();
        Segmentation { by, is_read, segments }
    };
    parted.into_iter().map(segmentation).collect()
}

/// The least margin of the riskiest fifth.
fn riskiest_fifth(margins: &[f64]) -> f64 {
    let mut sorted = margins.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() * 4 / 5).copied().unwrap_or_default()
}

/// The groups in their order, the smallest put together as the last when there are too many.
fn limited(mut groups: Vec<Group>) -> Vec<Group> {
    if groups.len() <= MOST_SEGMENTS {
        return groups;
    }
    let mut sizes: Vec<usize> = groups.iter().map(|group| group.1.len()).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let least = sizes[MOST_SEGMENTS - 2];
    let mut places_left = MOST_SEGMENTS - 1;
    let (mut others, mut number) = (Vec::new(), 0);
    groups.retain_mut(|(_, rows)| {
        let keeps = rows.len() >= least && places_left > 0;
        if keeps {
            places_left -= 1;
        } else {
            others.append(rows);
            number += 1;
        }
        keeps
    });
    groups.push((format!("{number} others"), others));
    groups
}

fn segment(subject: Subject<'_>, cut: f64, (name, rows): Group) -> Segment {
    let margins: Vec<f64> = rows.iter().map(|&row| subject.margins[row]).collect();
    let is_bad: Vec<bool> = rows.iter().map(|&row| subject.data.test.is_bad[row]).collect();
    let bad = is_bad.iter().filter(|&&is_bad| is_bad).count();
    let placements = Placements::of(Outcomes { margins: &margins, is_bad: &is_bad });
    Segment {
        name,
        rows: rows.len(),
        bad,
        observed: wilson(bad, rows.len()),
        predicted: margins.iter().map(|&margin| sigmoid(margin)).sum::<f64>() / count(rows.len()),
        auc: placements.map(|placements| (placements.auc(), placements.interval())),
        passed: count(margins.iter().filter(|&&margin| margin < cut).count()) / count(rows.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_segments_keep_the_largest_and_lose_no_row() {
        let groups: Vec<Group> = (0..20).map(|group| (format!("{group}"), vec![group; group % 5 + 1])).collect();
        let limited = limited(groups);
        assert_eq!(limited.len(), MOST_SEGMENTS);
        assert_eq!(limited.iter().map(|group| group.1.len()).sum::<usize>(), 60);
        assert_eq!(limited[11].0, "9 others");
        assert!(limited[..11].iter().all(|group| group.1.len() >= 3), "{limited:?}");
    }
}

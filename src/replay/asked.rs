//! Questions and wishes, from the words of the wire and of the command line.

use std::fmt::Display;
use std::str::FromStr;

use actors::rejection::Rejection;
use events::holder::Holder;
use events::id::{ProjectName, SlotNo};
use events::why::{About, Claimant, Deed, Question, Wish};

/// The kind of thing that is asked about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum AboutKind {
    /// The project itself
    Project,
    /// A feature, by its id
    Feature,
    /// A slot, by its number
    Slot,
    /// An entry of the merge queue, by its number
    Merge,
    /// A session, by its id
    Session,
}

/// The kind of deed that is wished for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DeedKind {
    /// That a feature is claimed
    Claim,
    /// That the work of a feature goes on towards upstream
    Merge,
    /// That a feature is closed as done elsewhere
    Close,
    /// That a closed feature is opened again
    Reopen,
    /// That a feature is given a fresh start
    Requeue,
    /// That the project starts
    Start,
    /// That it ends in order
    Drain,
    /// That it stops
    Stop,
    /// That an entry of the merge queue may change protected paths
    Approve,
    /// That the merge queue goes on
    Resume,
    /// That a slot is put back into service
    Reinstate,
}

/// The name of a thing, as it was given.
struct Named<'a> {
    what: &'static str,
    id: Option<&'a str>,
}

impl Named<'_> {
    fn read<T: FromStr<Err: Display>>(&self) -> Result<T, Rejection> {
        let what = self.what;
        let Some(id) = self.id else {
            return Err(Rejection::invalid(format!("{what} is missing: name it")));
        };
        id.parse()
            .map_err(|why| Rejection::invalid(format!("{what} {id:?} cannot be read: {why}")))
    }

    /// Of what is one for each project, no id is given.
    fn none(&self) -> Result<(), Rejection> {
        match self.id {
            None => Ok(()),
            Some(id) => Err(Rejection::invalid(format!(
                "{id:?} names nothing here: the project is named already"
            ))),
        }
    }
}

fn named<'a>(what: &'static str, id: Option<&'a str>) -> Named<'a> {
    Named { what, id }
}

fn project(name: &str) -> Result<ProjectName, Rejection> {
    named("the name of the project", Some(name)).read()
}

/// A question about something in a project.
///
/// # Errors
/// A name cannot be read, is missing, or is too many.
pub fn question(name: &str, about: AboutKind, id: Option<&str>) -> Result<Question, Rejection> {
    let about = match about {
        AboutKind::Project => named("", id).none().map(|()| About::Project)?,
        AboutKind::Feature => About::Feature(named("the id of the feature", id).read()?),
        AboutKind::Slot => About::Slot(SlotNo(named("the number of the slot", id).read()?)),
        AboutKind::Merge => About::Merge(named("the number of the entry", id).read()?),
        AboutKind::Session => About::Session(named("the id of the session", id).read()?),
    };
    Ok(Question {
        project: project(name)?,
        about,
    })
}

/// A wish about something in a project; `by` is whoever would claim: the number of a slot, or the
/// name of somebody outside.
///
/// # Errors
/// A name cannot be read, is missing, or is too many.
pub fn wish(
    name: &str,
    deed: DeedKind,
    id: Option<&str>,
    by: Option<&str>,
) -> Result<Wish, Rejection> {
    if by.is_some() && deed != DeedKind::Claim {
        return Err(Rejection::invalid("somebody is named for a claim alone"));
    }

    let feature = named("the id of the feature", id);
    let deed = match deed {
        DeedKind::Claim => Deed::Claim {
            feature: feature.read()?,
            by: claimant(by)?,
        },
        DeedKind::Merge => Deed::Merge(feature.read()?),
        DeedKind::Close => Deed::Close(feature.read()?),
        DeedKind::Reopen => Deed::Reopen(feature.read()?),
        DeedKind::Requeue => Deed::Requeue(feature.read()?),
        DeedKind::Start => feature.none().map(|()| Deed::Start)?,
        DeedKind::Drain => feature.none().map(|()| Deed::Drain)?,
        DeedKind::Stop => feature.none().map(|()| Deed::Stop)?,
        DeedKind::Resume => feature.none().map(|()| Deed::Resume)?,
        DeedKind::Approve => Deed::Approve(named("the number of the entry", id).read()?),
        DeedKind::Reinstate => Deed::Reinstate(SlotNo(named("the number of the slot", id).read()?)),
    };
    Ok(Wish {
        project: project(name)?,
        deed,
    })
}

/// Whoever would claim; a number is that of a slot.
fn claimant(by: Option<&str>) -> Result<Claimant, Rejection> {
    let Some(by) = by else {
        return Ok(Claimant::Fleet);
    };
    match by.parse() {
        Ok(0) => Err(Rejection::invalid("slots are counted from 1")),
        Ok(slot) => Ok(Claimant::Slot(SlotNo(slot))),
        Err(_) => match Holder::outside(by) {
            Ok(_) => Ok(Claimant::Outside(by.to_owned())),
            Err(why) => Err(Rejection::invalid(why)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked, and the words of the refusal; none where it is understood.
    #[test]
    fn a_question_names_what_it_is_about_and_nothing_else() {
        let table = [
            (AboutKind::Project, None, None),
            (AboutKind::Feature, Some("feat-zzzzz"), None),
            (AboutKind::Slot, Some("2"), None),
            (AboutKind::Merge, Some("7"), None),
            (AboutKind::Project, Some("zoo"), Some("names nothing here")),
            (
                AboutKind::Feature,
                None,
                Some("the id of the feature is missing"),
            ),
            (AboutKind::Feature, Some(""), Some("cannot be read")),
            (AboutKind::Slot, Some("two"), Some("cannot be read")),
            (AboutKind::Slot, Some("-1"), Some("cannot be read")),
            (AboutKind::Slot, Some("70000"), Some("cannot be read")),
            (AboutKind::Merge, Some("1.5"), Some("cannot be read")),
            (AboutKind::Session, Some("../x"), Some("cannot be read")),
        ];
        for (about, id, refused) in table {
            let asked = question("zoo", about, id);
            match (asked, refused) {
                (Ok(_), None) => {}
                (Err(why), Some(words)) => assert!(why.to_string().contains(words), "{why}"),
                (asked, _) => panic!("{about:?} {id:?}: {asked:?}"),
            }
        }
        let why = question("Zoo!", AboutKind::Project, None).expect_err("no name");
        assert!(why.to_string().contains("the name of the project"), "{why}");
    }

    #[test]
    fn a_claim_is_wished_for_by_the_fleet_a_slot_or_somebody_who_can_hold_one() {
        let claim = |by| wish("zoo", DeedKind::Claim, Some("feat-zzzzz"), by);
        let by = |name| match claim(Some(name)).map(|wish| wish.deed) {
            Ok(Deed::Claim { by, .. }) => Ok(by),
            Ok(other) => panic!("{other:?}"),
            Err(why) => Err(why.to_string()),
        };
        assert!(matches!(
            claim(None).map(|wish| wish.deed),
            Ok(Deed::Claim {
                by: Claimant::Fleet,
                ..
            })
        ));
        assert_eq!(by("3"), Ok(Claimant::Slot(SlotNo(3))));
        assert_eq!(by("ann"), Ok(Claimant::Outside("ann".into())));
        for (name, words) in [
            ("0", "slots are counted from 1"),
            ("", "a holder is 1 to 64"),
            ("a b", "a holder is 1 to 64"),
            ("a\nb", "a holder is 1 to 64"),
        ] {
            let why = by(name).expect_err(name);
            assert!(why.contains(words), "{name:?}: {why}");
        }

        let start = wish("zoo", DeedKind::Start, None, Some("ann")).expect_err("by nobody");
        assert!(start.to_string().contains("for a claim alone"), "{start}");
        let drain = wish("zoo", DeedKind::Drain, Some("feat-zzzzz"), None).expect_err("no id");
        assert!(drain.to_string().contains("names nothing here"), "{drain}");
    }
}

//! What is kept of the events of a span while they are read: sentences and sums, all of them
//! bounded.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::Dialect;
use crate::container::event::ModelUsage;
use crate::holder::Role;
use crate::id::{FeatureId, Sha};
use crate::merge_queue::Fault;
use crate::outcome::Outcome;
use crate::project::Thing;
use crate::report::figures::Figures;
use crate::report::said::{Kind, Named, Said, Section};
use crate::report::shown::{Sentence, Shown};
use crate::stream::Position;
use crate::usage::Usage;
use crate::view::ProjectView;

/// Most sentences of one kind: a page that a person reads. The number of the others is told.
const SENTENCES_MAX: usize = 100;
/// Most things in trouble, and most models, that are told apart: their names come from outside.
const NAMES_MAX: usize = 50;
/// Longest text of somebody else in a sentence, in characters.
const TEXT_MAX: usize = 160;

/// Sentences of one kind.
#[derive(Debug, Default)]
struct Items {
    told: Vec<Sentence>,
    /// The number of the others, and where they are to be seen.
    more: u64,
    rest: Shown,
}

/// What is told as a number, and by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Count {
    Added,
    InitializersLapsed,
    OverseersLapsed,
    StartsFailed,
    ContainersLost,
    ClaimsExpired,
    ReviewsLapsed,
    VerificationsLapsed,
    PushesDenied,
    SettingsChanged,
}

impl Count {
    fn said(self, times: u64) -> Said {
        match self {
            Self::Added => Said::Added { times },
            Self::InitializersLapsed => Said::InitializersLapsed { times },
            Self::OverseersLapsed => Said::OverseersLapsed { times },
            Self::StartsFailed => Said::StartsFailed { times },
            Self::ContainersLost => Said::ContainersLost { times },
            Self::ClaimsExpired => Said::ClaimsExpired { times },
            Self::ReviewsLapsed => Said::ReviewsLapsed { times },
            Self::VerificationsLapsed => Said::VerificationsLapsed { times },
            Self::PushesDenied => Said::PushesDenied { times },
            Self::SettingsChanged => Said::SettingsChanged { times },
        }
    }
}

/// A sum, and the events that it comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum<T> {
    pub(super) value: T,
    pub(super) shown: Shown,
}

/// Whose model it is: the agent's, at a provider.
pub(super) type Model = (Option<&'static str>, String, String);

/// What is kept of one project's events, or of the server's.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) figures: Figures,
    items: BTreeMap<Kind, Items>,
    counts: BTreeMap<Count, Shown>,
    pub(super) roles: Sum<BTreeMap<Role, u64>>,
    pub(super) outcomes: Sum<BTreeMap<Outcome, u64>>,
    pub(super) denied: Sum<u64>,
    models: BTreeMap<Model, Sum<(Option<Dialect>, Usage)>>,
    others: Sum<(Option<Dialect>, Usage)>,
    /// Where anything was used.
    spent: Shown,
    troubles: BTreeMap<Thing, Sum<String>>,
    more_trouble: Shown,
    /// What was last said of upstream: why it could not be copied, why the queue stood, and where
    /// somebody moved it.
    pub(super) copy: Sum<String>,
    pub(super) moved: Sum<Option<Sha>>,
    pub(super) halt: Option<Sum<(Fault, String)>>,
    /// Whether upstream cannot be used at this place of the span.
    pub(super) is_halted: bool,
    /// Whether the trunk is red there.
    pub(super) is_red: bool,
}

impl Account {
    /// Says something that an event shows.
    pub(super) fn say(&mut self, position: Position, said: Said) {
        self.tell(Sentence {
            said,
            shown: Shown::at(position),
        });
    }

    fn tell(&mut self, sentence: Sentence) {
        let items = self.items.entry(sentence.said.kind()).or_default();
        if items.told.len() < SENTENCES_MAX {
            items.told.push(sentence);
        } else {
            items.more += 1;
            items.rest.join(&sentence.shown);
        }
    }

    /// Counts an event.
    pub(super) fn count(&mut self, position: Position, what: Count) {
        self.counts.entry(what).or_default().add(position);
    }

    /// Takes what a session used of its models, which one event says.
    pub(super) fn used(
        &mut self,
        position: Position,
        agent: Option<Dialect>,
        models: &[ModelUsage],
    ) {
        let mut seen = BTreeSet::new();
        for used in models {
            let model = self.model_of(agent, used);
            let sum = match &model {
                Some(model) => self.models.entry(model.clone()).or_default(),
                None => &mut self.others,
            };
            sum.value.0 = agent;
            sum.value.1.add(&used.usage);
            if seen.insert(model) {
                sum.shown.add(position);
            }
            self.figures.usage.add(&used.usage);
        }

        if !models.is_empty() {
            self.spent.add(position);
        }
    }

    /// The model as it is told apart; none of one that is too many.
    fn model_of(&self, agent: Option<Dialect>, used: &ModelUsage) -> Option<Model> {
        let (provider, model) = (clipped(&used.provider), clipped(&used.model));
        let model = (agent.map(Dialect::name), provider, model);
        let is_told = self.models.contains_key(&model) || self.models.len() < NAMES_MAX;
        is_told.then_some(model)
    }

    /// Takes a sight of trouble.
    pub(super) fn troubled(&mut self, position: Position, thing: &Thing, detail: &str) {
        if !self.troubles.contains_key(thing) && self.troubles.len() >= NAMES_MAX {
            return self.more_trouble.add(position);
        }
        let sum = self.troubles.entry(thing.clone()).or_default();
        sum.value = clipped(detail);
        sum.shown.add(position);
    }

    /// The merge queue goes on, or the span is over: says how it stood.
    pub(super) fn end_halt(&mut self) {
        let Some(halt) = self.halt.take() else {
            return;
        };

        let (fault, reason) = halt.value;
        let said = Said::Halted {
            times: halt.shown.count(),
            fault,
            reason,
        };
        self.sum(said, halt.shown);
    }

    /// All that there is to tell, in the order of the sections and, within each, of the log.
    pub(super) fn done(mut self) -> (Figures, Vec<Sentence>) {
        self.end_halt();
        self.sums();
        self.spend();

        let mut sentences = Vec::new();
        for (kind, items) in std::mem::take(&mut self.items) {
            sentences.extend(items.told);
            if items.more > 0 {
                let times = items.more;
                sentences.push(Sentence {
                    said: Said::More { of: kind, times },
                    shown: items.rest,
                });
            }
        }
        in_order(&mut sentences);
        (self.figures, sentences)
    }

    /// What is told as a sum, and was seen at all.
    fn sums(&mut self) {
        for (what, shown) in std::mem::take(&mut self.counts) {
            self.sum(what.said(shown.count()), shown);
        }
        self.sums_of_faults();

        let (roles, ended) = (
            std::mem::take(&mut self.roles),
            std::mem::take(&mut self.outcomes),
        );
        let begun = Said::SessionsBegun { roles: roles.value };
        self.sum(begun, roles.shown);
        let outcomes = ended.value;
        self.sum(Said::SessionsEnded { outcomes }, ended.shown);

        let (denied, moved) = (
            std::mem::take(&mut self.denied),
            std::mem::take(&mut self.moved),
        );
        let times = denied.value;
        self.sum(Said::EgressDenied { times }, denied.shown);
        let (times, to) = (moved.shown.count(), moved.value);
        self.sum(Said::UpstreamMoved { times, to }, moved.shown);
    }

    /// What was tried again and again.
    fn sums_of_faults(&mut self) {
        for (thing, sum) in std::mem::take(&mut self.troubles) {
            let said = Said::Trouble {
                thing,
                times: sum.shown.count(),
                detail: sum.value,
            };
            self.sum(said, sum.shown);
        }
        let more = std::mem::take(&mut self.more_trouble);
        let times = more.count();
        self.sum(Said::MoreTrouble { times }, more);

        let copy = std::mem::take(&mut self.copy);
        let (times, reason) = (copy.shown.count(), copy.value);
        self.sum(Said::CopyFailed { times, reason }, copy.shown);
    }

    /// Says something about these events, where there are any.
    fn sum(&mut self, said: Said, shown: Shown) {
        if shown.count() > 0 {
            self.tell(Sentence { said, shown });
        }
    }

    /// What was used, model by model, and in all where that is more than one.
    fn spend(&mut self) {
        let models = std::mem::take(&mut self.models);
        let others = std::mem::take(&mut self.others);
        let is_sum = models.len() > 1;

        for ((_, provider, model), sum) in models {
            let (agent, usage) = sum.value;
            let said = Said::Used {
                agent,
                provider,
                model,
                usage,
            };
            self.sum(said, sum.shown);
        }
        let (_, usage) = others.value;
        self.sum(Said::UsedOthers { usage }, others.shown);

        if is_sum {
            let (usage, shown) = (self.figures.usage, std::mem::take(&mut self.spent));
            self.sum(Said::UsedInAll { usage }, shown);
        }
    }
}

/// Sections in their order; within one, what happened first is told first, and sums after what they
/// are sums of.
fn in_order(sentences: &mut [Sentence]) {
    sentences.sort_by_key(|one| {
        let is_last = matches!(one.said, Said::More { .. } | Said::UsedInAll { .. });
        let section = one.said.section();
        // Of models the order of their names is the same in every report.
        let place = match section {
            Section::Spend => Position(0),
            _ => one.shown.first(),
        };
        (section, is_last, place)
    });
}

/// A feature with its title at the end of the span.
pub(super) fn named(view: Option<&ProjectView>, id: &FeatureId) -> Named {
    let known = view.and_then(|view| view.feature(id));
    Named {
        id: id.clone(),
        title: known.map(|known| known.content.title.clone()),
    }
}

/// The first line of somebody else's text, cut to what a sentence takes.
pub(super) fn clipped(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let mut short: String = line.chars().take(TEXT_MAX).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

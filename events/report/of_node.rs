//! What events of the server itself tell.

use crate::node::Event;
use crate::report::account::Account;
use crate::report::said::Said;
use crate::report::span::Place;

impl Account {
    pub(super) fn node(&mut self, place: Place<'_>, event: &Event) {
        let said = match event {
            Event::Started(e) => Said::ServerStarted {
                run: e.epoch,
                last: e.last,
                at: place.at,
            },

            Event::Stopped(e) => Said::ServerStopped { run: e.epoch },
            Event::StoodStill(e) => Said::StoodStill { gap: e.gap },
            Event::Diverged(e) => Said::Diverged {
                from: e.at,
                through: e.through,
            },
            // A seal is made again and again, and says nothing that anybody waits for.
            Event::Sealed(_) => return,
        };
        self.say(place.position, said);
    }
}

//! The verbs that also fit tickets: "close ticket 12", "assign ticket 12 to me", "rename ticket 12 to …".

use desk::UseCase;
use desk::search::Kind;
use desk::tickets::TicketView;
use domain::ids::TicketId;
use domain::text;
use words::{Changes, Command};

use super::outcome::{Outcome, Stop, Told};
use super::{Line, Order, Record};

/// The most characters of a ticket's subject.
const SUBJECT_LIMIT: usize = 200;

fn named(view: &TicketView) -> String {
    format!("ticket #{} “{}”", view.ticket.number, text::shorten(&view.ticket.subject, 80))
}

fn record(view: &TicketView) -> Record {
    let ticket = &view.ticket;
    Record { kind: "ticket", id: ticket.id.0, number: Some(ticket.number), title: ticket.subject.clone() }
}

fn shown(view: &TicketView) -> Vec<Line> {
    let ticket = &view.ticket;
    vec![
        Line { label: "Ticket", value: format!("#{} {}", ticket.number, ticket.subject) },
        Line { label: "Customer", value: view.contact.0.clone() },
    ]
}

impl Order<'_> {
    pub(super) async fn ticket_order(&self, number: u64, command: &Command) -> Told {
        match command {
            Command::CompleteTask(_) => self.close_ticket(number).await,
            Command::ReopenTask(_) => self.reopen_ticket(number).await,
            Command::AssignTask { assignee, .. } => self.assign_ticket(number, assignee).await,
            Command::UpdateTask {
                changes: Changes { title: Some(title), due: None, priority: None },
                ..
            } => self.rename_ticket(number, title).await,
            _ => Err(Stop::failed(format!(
                "With tickets this does not go; they can be closed, reopened, renamed and assigned, such as “close \
                 ticket {number}”. For the task of that number say “#{number}”."
            ))),
        }
    }

    /// The ticket of that number, which the search knows.
    async fn ticket(&self, number: u64) -> Result<TicketView, Stop> {
        self.may(UseCase::WorkTicket)?;
        let wanted = i64::try_from(number).ok();
        let hits =
            desk::search::search(self.desk, &self.caller, &format!("#{number}"), vec![Kind::Ticket], 10)
                .await?;
        let hit = hits.iter().find(|hit| hit.kind == Kind::Ticket && hit.number == wanted);
        match hit {
            Some(hit) => Ok(desk::tickets::get(self.desk, &self.caller, TicketId(hit.id)).await?),
            None => Err(Stop::failed(format!(
                "There is no ticket #{number}. For the task of that number say “#{number}”."
            ))),
        }
    }

    async fn close_ticket(&self, number: u64) -> Told {
        let view = self.ticket(number).await?;
        if view.ticket.closed {
            return Err(Stop::already(format!("Ticket #{number} is closed already."), vec![record(&view)]));
        }
        if !self.confirm {
            let text = format!("Closes {} and its conversation.", named(&view));
            return Ok(Outcome::preview(text, shown(&view), vec![record(&view)]));
        }
        let done = desk::tickets::close(self.desk, &self.caller, view.ticket.id).await?;
        let text = format!("Closed {} and its conversation.", named(&view));
        Ok(Outcome::done(text, shown(&view), vec![record(&view)], done.undo))
    }

    async fn reopen_ticket(&self, number: u64) -> Told {
        let view = self.ticket(number).await?;
        if !view.ticket.closed {
            return Err(Stop::already(format!("Ticket #{number} is open already."), vec![record(&view)]));
        }
        if !self.confirm {
            let text = format!("Reopens {} and its conversation.", named(&view));
            return Ok(Outcome::preview(text, shown(&view), vec![record(&view)]));
        }
        let done = desk::tickets::reopen(self.desk, &self.caller, view.ticket.id).await?;
        let text = format!("Reopened {} and its conversation.", named(&view));
        Ok(Outcome::done(text, shown(&view), vec![record(&view)], done.undo))
    }

    async fn assign_ticket(&self, number: u64, name: &str) -> Told {
        let view = self.ticket(number).await?;
        let person = self.person(name).await?;
        if view.ticket.assignee == Some(person.id) {
            let text = format!("Ticket #{number} is with {} already.", person.shown);
            return Err(Stop::already(text, vec![record(&view)]));
        }
        let mut lines = shown(&view);
        lines.push(Line { label: "Assignee", value: person.shown.clone() });
        if !self.confirm {
            let text = format!("Assigns {} to {}.", named(&view), person.shown);
            return Ok(Outcome::preview(text, lines, vec![record(&view)]));
        }
        let assignee = Some(Some(person.id));
        let done =
            desk::tickets::update(self.desk, &self.caller, view.ticket.id, None, assignee, None).await?;
        let text = format!("Assigned {} to {}.", named(&view), person.shown);
        Ok(Outcome::done(text, lines, vec![record(&view)], done.undo))
    }

    async fn rename_ticket(&self, number: u64, subject: &str) -> Told {
        let view = self.ticket(number).await?;
        let subject = text::line(subject, SUBJECT_LIMIT)
            .map_err(|error| Stop::failed(format!("The subject {error}.")))?;
        let mut lines = shown(&view);
        lines.push(Line { label: "Subject", value: subject.clone() });
        let to = text::shorten(&subject, 80);
        if !self.confirm {
            let text = format!("Renames {} to “{to}”.", named(&view));
            return Ok(Outcome::preview(text, lines, vec![record(&view)]));
        }
        let done = desk::tickets::update(self.desk, &self.caller, view.ticket.id, Some(&subject), None, None)
            .await?;
        let text = format!("Renamed {} to “{to}”.", named(&view));
        Ok(Outcome::done(text, lines, vec![record(&done.value)], done.undo))
    }
}

//! The table of who may do what, every cell of it.

use desk::UseCase;
use desk::authority::allows;
use domain::ids::{ContactId, MemberId};
use domain::{Actor, Role};
use uuid::Uuid;

/// Use case: viewer, agent, admin, owner, contact, hand, system.
const TABLE: &[(UseCase, &str)] = &[
    (UseCase::ReadTasks, "VGAO..S"),
    (UseCase::CreateTask, ".GAO..S"),
    (UseCase::UpdateTask, ".GAO..S"),
    (UseCase::DeleteTask, ".GAO..S"),
    (UseCase::CommentTask, ".GAO..S"),
    (UseCase::SetReminder, ".GAO..S"),
    (UseCase::ManageProjects, ".GAO..S"),
    (UseCase::ReadConversations, "VGAO..S"),
    (UseCase::WorkConversation, ".GAO..S"),
    (UseCase::WorkTicket, ".GAO..S"),
    (UseCase::ReadContacts, "VGAO..S"),
    (UseCase::UpdateContact, ".GAO..S"),
    (UseCase::ReadArticles, "VGAO..S"),
    (UseCase::WriteArticles, ".GAO..S"),
    (UseCase::ReadMembers, "VGAO..S"),
    (UseCase::ManageMembers, "..AO..S"),
    (UseCase::ManageOwners, "...O..S"),
    (UseCase::UpdateSelf, "VGAO..S"),
    (UseCase::ManageTokens, "VGAO..S"),
    (UseCase::ReadChannels, "VGAO..S"),
    (UseCase::ManageChannels, "..AO..S"),
    (UseCase::ReadSettings, "VGAO..S"),
    (UseCase::ManageSettings, "..AO..S"),
    (UseCase::Search, "VGAO..S"),
    (UseCase::Say, "VGAO..S"),
    (UseCase::Undo, ".GAO..S"),
    (UseCase::ReadNotifications, "VGAO..S"),
    (UseCase::ReadHistory, "VGAO..S"),
    (UseCase::ReadAudit, "..AO..S"),
    (UseCase::ManageDeadLetters, "..AO..S"),
    (UseCase::ManageWebhooks, "..AO..S"),
    (UseCase::VisitorWrite, "....C.."),
    (UseCase::VisitorRead, "....C.."),
    (UseCase::Answer, ".....H."),
    (UseCase::React, "......S"),
];

#[test]
fn every_cell_of_the_table_is_as_it_is_written() {
    let member = |role| Actor::Member { id: MemberId(Uuid::nil()), name: String::new(), role };
    let actors = [
        member(Role::Viewer),
        member(Role::Agent),
        member(Role::Admin),
        member(Role::Owner),
        Actor::Contact { id: ContactId(Uuid::nil()), name: String::new() },
        Actor::Hand,
        Actor::System,
    ];
    assert_eq!(TABLE.len(), UseCase::ALL.len(), "a use case is missing in the table");
    for (what, row) in TABLE {
        for (actor, cell) in actors.iter().zip(row.chars()) {
            assert_eq!(allows(actor, *what), cell != '.', "{what:?} by {actor:?}");
        }
    }
}

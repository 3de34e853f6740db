//! What the demonstration is filled with. Everything in it is made up.

/// Who works there: name, e-mail address, role. The first is the owner.
pub(super) const MEMBERS: &[(&str, &str, &str)] = &[
    ("Dana Whitfield", "dana@northwind.example", "owner"),
    ("Omar Haddad", "omar@northwind.example", "admin"),
    ("Mei Tanaka", "mei@northwind.example", "agent"),
    ("Jonas Lindqvist", "jonas@northwind.example", "agent"),
    ("Priya Raman", "priya@northwind.example", "viewer"),
];

/// Where a task stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Todo,
    Doing,
    Done,
}

/// A task.
pub(super) struct Todo {
    pub(super) title: &'static str,
    pub(super) notes: &'static str,
    /// Days from now, and a time or nothing.
    pub(super) due: Option<(i32, &'static str)>,
    pub(super) priority: Option<u8>,
    pub(super) labels: &'static [&'static str],
    pub(super) project: Option<&'static str>,
    pub(super) assignee: Option<&'static str>,
    pub(super) rule: Option<&'static str>,
    pub(super) remind: Option<u32>,
    pub(super) part: Part,
    pub(super) parts: &'static [&'static str],
}

/// A task of that title and nothing else.
const fn todo(title: &'static str) -> Todo {
    Todo {
        title,
        notes: "",
        due: None,
        priority: None,
        labels: &[],
        project: None,
        assignee: None,
        rule: None,
        remind: None,
        part: Part::Todo,
        parts: &[],
    }
}

impl Todo {
    const fn due(self, days: i32, time: &'static str) -> Self {
        Self { due: Some((days, time)), ..self }
    }
    const fn of(self, project: &'static str) -> Self {
        Self { project: Some(project), ..self }
    }
    const fn by(self, assignee: &'static str) -> Self {
        Self { assignee: Some(assignee), ..self }
    }
    const fn priority(self, priority: u8) -> Self {
        Self { priority: Some(priority), ..self }
    }
    const fn labels(self, labels: &'static [&'static str]) -> Self {
        Self { labels, ..self }
    }
    const fn every(self, rule: &'static str) -> Self {
        Self { rule: Some(rule), ..self }
    }
    const fn remind(self, minutes: u32) -> Self {
        Self { remind: Some(minutes), ..self }
    }
    const fn notes(self, notes: &'static str) -> Self {
        Self { notes, ..self }
    }
    const fn parts(self, parts: &'static [&'static str]) -> Self {
        Self { parts, ..self }
    }
    const fn doing(self) -> Self {
        Self { part: Part::Doing, ..self }
    }
    const fn done(self) -> Self {
        Self { part: Part::Done, ..self }
    }
}

/// What is to be done.
pub(super) const TASKS: &[Todo] = &[
    todo("Answer the auditor's questions about backups")
        .due(-3, "")
        .priority(1)
        .of("Operations")
        .by("Omar")
        .labels(&["audit"]),
    todo("Send Larsen the corrected invoice")
        .due(-2, "15:00")
        .priority(2)
        .of("Billing")
        .by("Mei")
        .labels(&["billing"]),
    todo("Renew the certificate of the status page").due(-1, "").priority(1).of("Operations").by("Omar"),
    todo("Call back Hartmann about the rollout")
        .due(-1, "11:00")
        .of("Onboarding")
        .by("Dana")
        .labels(&["call"]),
    todo("Stand-up with the support team")
        .due(0, "09:15")
        .of("Team")
        .by("Dana")
        .every("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
        .remind(10),
    todo("Review the new widget texts").due(0, "").priority(2).of("Website").by("Jonas").doing(),
    todo("Check what was handed over yesterday and write the missing articles")
        .due(0, "")
        .of("Knowledge base")
        .by("Mei")
        .labels(&["articles"])
        .every("FREQ=DAILY"),
    todo("Prepare the demo for Oakfield")
        .due(0, "16:30")
        .priority(1)
        .of("Onboarding")
        .by("Dana")
        .remind(30)
        .parts(&["Ask for their logo", "Fill in sample tickets", "Try it on a phone"]),
    todo("Pay the hosting bill")
        .due(1, "")
        .of("Billing")
        .by("Priya")
        .labels(&["billing"])
        .every("FREQ=MONTHLY;BYMONTHDAY=28")
        .priority(3),
    todo("Write to customers about the maintenance window")
        .due(1, "10:00")
        .priority(2)
        .of("Operations")
        .by("Jonas")
        .labels(&["newsletter"])
        .remind(60),
    todo("Translate the greeting of the chat into German").due(1, "").of("Website").by("Mei"),
    todo("Interview the second candidate")
        .due(2, "14:00")
        .of("Team")
        .by("Dana")
        .labels(&["hiring"])
        .remind(15)
        .notes("Ask about night shifts and about the time with the hospital project."),
    todo("Clean up duplicate contacts").due(2, "").priority(4).of("Operations").by("Jonas"),
    todo("Try a restore of last night's backup")
        .due(3, "")
        .priority(2)
        .of("Operations")
        .by("Omar")
        .every("FREQ=WEEKLY;BYDAY=FR"),
    todo("Send the quarterly figures to the board")
        .due(3, "17:00")
        .priority(1)
        .of("Billing")
        .by("Dana")
        .labels(&["report"]),
    todo("Plan the cover for the holidays").due(4, "").of("Team").by("Omar"),
    todo("Publish the article about reminders by e-mail")
        .due(4, "")
        .of("Knowledge base")
        .by("Mei")
        .labels(&["articles"])
        .doing(),
    todo("Review the open tickets with Omar").due(5, "13:00").of("Team").by("Dana").every("FREQ=WEEKLY"),
    todo("Order headsets for the new colleagues").due(5, "").priority(3).of("Team").by("Priya"),
    todo("Ask five customers how the answers read")
        .due(6, "")
        .of("Website")
        .by("Jonas")
        .labels(&["feedback"]),
    todo("Move the old mailbox").due(7, "").priority(3).of("Operations").by("Omar").parts(&[
        "List the forwards",
        "Tell the team",
        "Switch it off",
    ]),
    todo("Send reminders for unpaid invoices")
        .due(8, "")
        .of("Billing")
        .by("Mei")
        .labels(&["billing"])
        .every("FREQ=WEEKLY;INTERVAL=2"),
    todo("Look at the colour contrast of the widget").due(9, "").priority(3).of("Website").by("Jonas"),
    todo("Draft the agenda of the customers' day").due(10, "").of("Onboarding").by("Dana"),
    todo("Close the books of the month")
        .due(12, "")
        .priority(2)
        .of("Billing")
        .by("Priya")
        .every("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
    todo("Check who still needs access")
        .due(14, "")
        .of("Operations")
        .by("Omar")
        .labels(&["audit"])
        .every("FREQ=MONTHLY"),
    todo("Negotiate the contract with Fabrikam").due(15, "").priority(2).of("Onboarding").by("Dana"),
    todo("Review the hand-off text").due(18, "").of("Knowledge base").by("Mei"),
    todo("Birthday of the desk: cake").due(21, "15:00").priority(4).of("Team"),
    todo("Renew the domain northwind.example")
        .due(40, "")
        .priority(2)
        .of("Operations")
        .by("Omar")
        .every("FREQ=YEARLY")
        .remind(10_080),
    todo("Collect ideas for short videos").of("Knowledge base").labels(&["ideas"]),
    todo("Ask Contoso for a reference").of("Website").labels(&["sales"]),
    todo("Write down how we tag tickets").of("Team").by("Jonas"),
    todo("Compare phone providers").of("Operations").labels(&["ideas"]).priority(4),
    todo("Offer for Wingtip: fifty seats")
        .due(2, "")
        .priority(1)
        .of("Onboarding")
        .by("Dana")
        .labels(&["sales"])
        .doing(),
    todo("Shorten the article about settings").of("Knowledge base").by("Mei").doing(),
    todo("Answer the review on the directory").due(-4, "").of("Website").by("Jonas").done(),
    todo("Invite Priya to the desk").due(-6, "").of("Team").by("Omar").done(),
    todo("Import the first twenty articles").due(-8, "").of("Knowledge base").by("Mei").done(),
    todo("Put the widget on the price page").due(-5, "").priority(2).of("Website").by("Jonas").done(),
    todo("Set up the mail server").due(-9, "").of("Operations").by("Omar").labels(&["audit"]).done(),
    todo("Send the welcome letter to Oakfield").due(-2, "").of("Onboarding").by("Dana").done(),
    todo("Refund the double payment of Adventure Works")
        .due(-1, "")
        .priority(1)
        .of("Billing")
        .by("Mei")
        .labels(&["billing"])
        .done(),
];

/// What happens in a conversation after the hand has answered. Members are meant by their place in the list.
pub(super) enum Then {
    Claim(usize),
    Reply(usize, &'static str),
    Note(usize, &'static str),
    Write(&'static str),
    Promise(usize, Todo),
    GiveBack(usize),
    Close(usize),
}

/// A conversation with a customer.
pub(super) struct Conversation {
    pub(super) name: &'static str,
    pub(super) email: Option<&'static str>,
    pub(super) question: &'static str,
    pub(super) then: &'static [Then],
}

/// Who writes, and what comes of it.
pub(super) const CONVERSATIONS: &[Conversation] = &[
    Conversation {
        name: "Lena Fischer",
        email: Some("lena@adventure-works.example"),
        question: "We paid invoice 2204 twice. Can a person look at that, please?",
        then: &[
            Then::Claim(2),
            Then::Reply(
                2,
                "Hello Lena, thank you for telling us. I can see both payments. We send one of them back today.",
            ),
            Then::Promise(
                2,
                todo("Ask the bank about Lena's refund")
                    .due(1, "09:00")
                    .priority(1)
                    .of("Billing")
                    .by("Mei")
                    .labels(&["billing"])
                    .remind(30),
            ),
            Then::Note(2, "Both payments came from the same card; the second one is the mistake."),
            Then::Write("Great, thank you! How long will it take?"),
        ],
    },
    Conversation {
        name: "Tom Becker",
        email: Some("tom@oakfield.example"),
        question: "How do I add the chat widget to my website?",
        then: &[],
    },
    Conversation {
        name: "Aisha Mwangi",
        email: Some("aisha@fabrikam.example"),
        question: "Do you sell gift vouchers for hot-air balloon rides?",
        then: &[],
    },
    Conversation {
        name: "Carlos Ortega",
        email: None,
        question: "I forgot my password and cannot sign in. What can I do?",
        then: &[Then::Write("Thanks, that helped!")],
    },
    Conversation {
        name: "Ingrid Solberg",
        email: Some("ingrid@wingtip.example"),
        question: "I want to talk to a human about a contract for fifty people.",
        then: &[
            Then::Claim(0),
            Then::Reply(0, "Good morning Ingrid, this is Dana. Happy to help. When may I call you?"),
            Then::Write("Tomorrow at nine would be good."),
            Then::Promise(
                0,
                todo("Call Ingrid about the contract for fifty people")
                    .due(1, "09:00")
                    .priority(2)
                    .of("Onboarding")
                    .by("Dana")
                    .labels(&["call", "sales"])
                    .remind(30),
            ),
        ],
    },
    Conversation {
        name: "Paul Nowak",
        email: Some("paul@contoso.example"),
        question: "Can I speak to somebody about our data processing agreement?",
        then: &[
            Then::Claim(1),
            Then::Reply(1, "Hello Paul, the signed agreement is on its way to you."),
            Then::GiveBack(1),
        ],
    },
    Conversation {
        name: "Sofia Rossi",
        email: Some("sofia@tailspin.example"),
        question: "Our parcel with the headsets arrived broken, I need a person to sort it out.",
        then: &[
            Then::Claim(3),
            Then::Reply(3, "I am sorry about that, Sofia. New headsets leave our house today."),
            Then::Promise(
                3,
                todo("Send new headsets to Tailspin").due(0, "").of("Operations").by("Jonas").done(),
            ),
            Then::Write("Perfect, thank you."),
            Then::Close(3),
        ],
    },
    Conversation {
        name: "Yuki Sato",
        email: None,
        question: "How can I make a backup while the program is running?",
        then: &[],
    },
    Conversation {
        name: "Grace Okafor",
        email: Some("grace@northgate.example"),
        question: "Does anybody at your office know whether the exhibition in Malmö was moved?",
        then: &[],
    },
    Conversation {
        name: "Henrik Dahl",
        email: Some("henrik@litware.example"),
        question: "What does \"next Friday\" mean when I type it into the chat box?",
        then: &[Then::Close(2)],
    },
];

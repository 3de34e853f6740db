//! What a customer says that is no question to the articles: greetings, thanks, and the wish for a person.
//!
//! The wish is recognised by a small grammar over words: who speaks, what they want to happen, and a phrase for a
//! person. What counts is that it is the speaker who wants to be dealt with by a person; that somebody else
//! talks to one ("how do visitors talk to an agent") is a question like others.

use std::ops::Range;

use crate::language;

/// Small talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Small {
    /// A greeting and nothing else.
    Greeting,
    /// Thanks or praise and nothing else.
    Thanks,
    /// A farewell and nothing else.
    Farewell,
    /// Whether this is a machine.
    Nature,
    /// Nothing that could be read.
    Nothing,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $words:literal;)*) => {$(
        $(#[$doc])*
        fn $name(word: &str) -> bool {
            $words.split_whitespace().any(|known| known == word)
        }
    )*};
}

words! {
    is_greeting: "hi hello hey hiya howdy greetings hallo welcome";
    is_daytime: "morning afternoon evening day";
    is_thanks: "thanks thank thx ty thankyou cheers great perfect awesome cool nice super excellent wonderful lovely
        brilliant helpful helped helps worked works solved ok okay";
    is_farewell: "bye goodbye ciao";
    is_filler: "there you so very much a an lot all everyone everybody for your the help that it this is was i now just
        again to me my of and did does good got have have ya well really quick answer reply one please pls again dear";
    /// Words for a person that cannot mean a function or a record.
    is_surely_person: "human humans person persons someone somebody anyone anybody representative rep operator
        manager supervisor whoever";
    /// Words for a person that are also said of members, teams and services.
    is_maybe_person: "agent agents staff employee employees colleague colleagues coworker team support advisor adviser
        technician specialist expert boss people service care";
    /// What stands before and within a phrase for a person.
    is_person_filler: "a an the your any some one of real actual live living human another different proper good
        customer client technical tech sales member members senior other being beings from of yours else flesh
        blood and person's";
    /// Words by which a person is no machine.
    is_real: "real actual live human living";
    /// What may stand between talking and whom to talk to: "discuss this with".
    is_matter: "this that it things the my our about matter issue problem case further";
    /// Ways of dealing with somebody that take "to" or "with".
    is_talk: "talk speak chat deal communicate converse call discuss talking speaking chatting dealing
        connected transferred forwarded redirected referred";
    /// Ways of bringing somebody to somebody.
    is_pass: "get give send find fetch bring connect transfer forward put pass hand redirect switch route escalate
        direct let";
    is_wish: "want need prefer wanna require demand request like rather";
    /// Ways of reaching the speaker.
    is_reach: "call phone ring contact email mail text message reply answer respond get come look take write speak talk
        reach";
    is_modal: "can could would will may might";
    is_speaker: "i id ive im me we us my our ill were";
    /// What may stand between the speaker and what the speaker wants to do.
    is_between: "to just please pls really rather only even like want need prefer wish would can could may might must
        should let able possible it is have love dont not now directly how wanna hi hello hey but then so do and or
        be allowed do someone get";
    is_machine: "bot bots robot robots machine machines chatbot chatbots ai computer computers automaton";
    is_bad: "useless stupid dumb terrible rubbish awful annoying bad crap worthless hopeless idiotic garbage pointless";
    is_negation: "no not stop without enough";
    is_refusal: "dont not hate tired sick refuse never";
    is_failure: "didnt doesnt dont not isnt wasnt hasnt never cant couldnt wont";
    is_helping: "help helps helped helping helpful useful";
    is_answer: "this that it answer answers article articles reply replies bot you";
    /// What may follow the wish for a person, where more follows.
    is_after_person: "please pls now not instead here asap immediately today right";
}

/// Words that are worth recognising when they are misspelled.
const LEXICON: &str =
    "human person agent speak someone somebody anyone anybody representative operator manager
    connect transfer contact please support being colleague employee supervisor thanks hello useless
    people";

/// The clauses of a text, as words.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let clauses = text.split(['.', '!', '?', ';', ',', '\n', ':', '(', ')']).map(language::words);
    clauses
        .filter(|words| !words.is_empty())
        .map(|words| words.into_iter().map(corrected).collect())
        .collect()
}

fn corrected(word: String) -> String {
    if word.len() < 5 || LEXICON.split_whitespace().any(|known| known == word) {
        return word;
    }
    let known = LEXICON.split_whitespace().find(|known| {
        // A plural is not a misspelling.
        known.len() >= 5 && word.strip_suffix('s') != Some(known) && language::is_typo_of(&word, known)
    });
    known.map_or(word, str::to_owned)
}

/// A phrase for a person that begins at `at`: where it ends, and whether it can mean nothing else.
fn person(words: &[String], at: usize) -> Option<(usize, bool)> {
    let phrase = words[at.min(words.len())..]
        .iter()
        .take_while(|word| is_person_filler(word) || is_surely_person(word) || is_maybe_person(word))
        .count();
    let phrase = &words[at.min(words.len())..][..phrase];
    // What fills at the end belongs to what follows ("a person of", "someone and").
    let length = phrase.iter().rposition(|word| {
        is_surely_person(word)
            || is_maybe_person(word)
            || is_real(word)
            || matches!(word.as_str(), "yours" | "being" | "beings" | "member" | "members" | "else")
    })? + 1;
    let phrase = &phrase[..length];
    let sure = phrase.iter().any(|word| is_surely_person(word))
        || (phrase.iter().any(|word| is_maybe_person(word)) && phrase.iter().any(|word| is_real(word)));
    let being =
        phrase.windows(2).any(|pair| is_real(&pair[0]) && matches!(pair[1].as_str(), "being" | "beings"));
    let any = being || phrase.iter().any(|word| is_surely_person(word) || is_maybe_person(word));
    any.then_some((at + length, sure || being))
}

/// Whether it is the speaker who does what stands at `at`, or nobody is named who does.
fn by_speaker(words: &[String], at: usize) -> bool {
    for word in words[..at].iter().rev() {
        if is_speaker(word) {
            return true;
        }
        if !is_between(word) && !is_wish(word) && !matches!(word.as_str(), "insist" | "on") {
            return false;
        }
    }
    true
}

fn at(words: &[String], index: usize) -> &str {
    words.get(index).map_or("", String::as_str)
}

fn any_in(words: &[String], range: Range<usize>, is: fn(&str) -> bool) -> bool {
    let end = range.end.min(words.len());
    words[range.start.min(end)..end].iter().any(|word| is(word))
}

fn is_me(word: &str) -> bool {
    matches!(word, "me" | "us" | "my" | "our" | "this")
}

/// "talk to a human", "discuss this with your team", "someone I can chat with", "who can I speak to".
fn talks(words: &[String], i: usize) -> bool {
    if !is_talk(at(words, i)) || !by_speaker(words, i) {
        return false;
    }
    let matter = words[i + 1..].iter().take(4).take_while(|word| is_matter(word)).count();
    let to = i + 1 + matter;
    if !matches!(at(words, to), "to" | "with") {
        return false;
    }
    if person(words, to + 1).is_some() {
        return true;
    }
    if matter > 0 {
        return false;
    }
    let ends = matches!(at(words, i + 2), "" | "about" | "here" | "please" | "regarding" | "now" | "today");
    ends && any_in(words, 0..i, |word| matches!(word, "who" | "whom") || is_surely_person(word))
}

/// "get me someone", "put me through to customer service", "escalate this".
fn passes(words: &[String], i: usize) -> bool {
    let verb = at(words, i);
    if !is_pass(verb) || !is_me(at(words, i + 1)) {
        return false;
    }
    if verb == "escalate" {
        return by_speaker(words, i);
    }
    if verb == "put" && at(words, i + 2) == "in" && matches!(at(words, i + 3), "touch" | "contact") {
        return person(words, i + 5).is_some();
    }
    let mut next = i + 2;
    while matches!(
        at(words, next),
        "over" | "through" | "on" | "to" | "with" | "hold" | "of" | "back" | "up" | "case"
    ) && next < i + 6
    {
        next += 1;
    }
    let through = matches!(verb, "put" | "pass") && at(words, i + 2) == "through";
    person(words, next).is_some() || (through && matches!(at(words, i + 3), "" | "please" | "now"))
}

/// "I want a person", "I would like someone to contact me".
fn wishes(words: &[String], i: usize) -> bool {
    let wish = at(words, i);
    if !is_wish(wish) || !by_speaker(words, i) {
        return false;
    }
    // "I like" and "rather" are no wishes; "I would like" and "I'd rather" are.
    if matches!(wish, "like" | "rather")
        && !any_in(words, i.saturating_sub(2)..i, |word| matches!(word, "would" | "id" | "d"))
    {
        return false;
    }
    let mut from = i + 1;
    while matches!(at(words, from), "to" | "have" | "see" | "get" | "reach" | "contact" | "just" | "really")
        && from < i + 4
    {
        from += 1;
    }
    let Some((end, sure)) = person(words, from) else { return false };
    match at(words, end) {
        "" => true,
        "in" => sure && at(words, end + 1) == "charge",
        "to" => sure && is_reach_or_help(at(words, end + 1)),
        "for" | "about" | "who" => sure,
        next => is_after_person(next) || (sure && is_reach_or_help(next)),
    }
}

fn is_reach_or_help(word: &str) -> bool {
    is_reach(word)
        || matches!(word, "help" | "assist" | "handle" | "deal" | "chat" | "sort" | "solve" | "check" | "see")
}

/// "I'd like a callback".
fn wants_callback(words: &[String], i: usize) -> bool {
    at(words, i) == "callback"
        && any_in(words, 0..i, is_speaker)
        && any_in(words, i.saturating_sub(4)..i, |word| is_wish(word) || is_modal(word))
}

/// "could a colleague get back to me", "can you have somebody call us", "can you phone me".
fn asks_for_contact(words: &[String], i: usize) -> bool {
    if !is_modal(at(words, i)) {
        return false;
    }
    let mut next = i + 1;
    let mut reached = false;
    if at(words, next) == "you" {
        next += 1;
        reached = matches!(at(words, next), "call" | "phone" | "ring" | "contact" | "email");
        while matches!(at(words, next), "please" | "get" | "have" | "ask" | "let") {
            next += 1;
        }
    }
    if let Some((end, _)) = person(words, next) {
        next = end;
        reached = true;
    }
    while matches!(at(words, next), "please" | "to" | "just") {
        next += 1;
    }
    let looks = at(words, next) == "look" && matches!(at(words, next + 2), "it" | "that");
    reached && is_reach(at(words, next)) && (looks || any_in(words, next + 1..next + 5, is_me))
}

/// "how can I reach a human", "I need to contact a real person".
fn reaches(words: &[String], i: usize) -> bool {
    matches!(at(words, i), "reach" | "contact")
        && by_speaker(words, i)
        && person(words, i + 1).is_some_and(|(_, sure)| sure)
}

/// "can a real person help me", "is it possible to have a member of your team look at this".
fn asks_for_help_of(words: &[String], i: usize) -> bool {
    let Some((end, _)) = person(words, i) else { return false };
    let mut next = end;
    while matches!(at(words, next), "please" | "to" | "just" | "can" | "could") {
        next += 1;
    }
    let verb = at(words, next);
    let helps = is_reach_or_help(verb.strip_suffix('s').unwrap_or(verb));
    let before = i.checked_sub(1).map_or("", |before| at(words, before));
    let asked = matches!(before, "have" | "that" | "if" | "let") && any_in(words, 0..i, is_asking)
        || is_modal(before) && any_in(words, i..end, is_real);
    asked && helps && any_in(words, next + 1..next + 4, is_me)
}

fn is_asking(word: &str) -> bool {
    is_modal(word) || is_wish(word) || matches!(word, "possible" | "please" | "pls" | "nice" | "great")
}

/// "no more bots", "this bot is useless", "I don't want to chat with a bot", "stop giving me articles".
fn refuses_machine(words: &[String]) -> bool {
    let machine = words.iter().position(|word| is_machine(word));
    if let Some(place) = machine {
        let negated = words.len() <= 5 && is_negation(at(words, 0));
        let bad = any_in(words, place + 1..place + 4, is_bad)
            || any_in(words, place.saturating_sub(2)..place, is_bad);
        let unwanted = words[..place].iter().any(|word| is_refusal(word))
            && (0..place).any(|i| (is_talk(at(words, i)) || is_wish(at(words, i))) && by_speaker(words, i));
        return negated || bad || unwanted;
    }
    let answers = words.iter().position(|word| matches!(word.as_str(), "answers" | "articles" | "replies"));
    if answers.is_some_and(|place| any_in(words, place + 1..place + 4, is_bad)) {
        return true;
    }
    let giving = |word: &str| matches!(word, "giving" | "sending" | "showing" | "quoting" | "posting");
    at(words, 0) == "stop" && giving(at(words, 1)) && is_me(at(words, 2))
}

/// "that didn't help", "the answers here are not helpful".
fn is_disappointed(words: &[String]) -> bool {
    let Some(failure) = words.iter().position(|word| is_failure(word)) else { return false };
    words.len() <= 9
        && words[..failure].iter().any(|word| is_answer(word))
        && any_in(words, failure + 1..failure + 4, is_helping)
        // "it doesn't help to restart" tells of something else.
        && words.iter().rposition(|word| is_helping(word)).is_some_and(|last| words.len() - last <= 3)
}

/// "is there anybody there".
fn looks_for_somebody(words: &[String]) -> bool {
    let from = match (at(words, 0), at(words, 1)) {
        ("is" | "are", "there") => 2,
        ("is" | "are", _) => 1,
        _ => 0,
    };
    person(words, from).is_some_and(|(end, sure)| {
        let sure = sure || any_in(words, from..end, |word| matches!(word, "your" | "yours"));
        let here = matches!(at(words, end), "there" | "here" | "available" | "online" | "around");
        sure && (here || (from > 0 && at(words, end).is_empty()))
    })
}

/// Whether the customer wants a person.
pub(crate) fn wants_person(text: &str) -> bool {
    let clauses = clauses(text);
    let all: Vec<String> = clauses.concat();
    // The phrase alone: "agent please", "human!!".
    let plain = |word: &String| {
        !is_greeting(word) && !matches!(word.as_str(), "please" | "pls" | "now" | "asap" | "just")
    };
    let bare: Vec<String> = all.iter().filter(|word| plain(word)).cloned().collect();
    if bare.len() <= 5 && person(&bare, 0).is_some_and(|(end, _)| end == bare.len()) {
        return true;
    }
    // "Someone, please respond!"
    let cried = |words: &Vec<String>| person(words, 0).is_some_and(|(end, sure)| sure && end == words.len());
    if all.len() <= 8 && clauses.iter().any(cried) {
        return true;
    }
    clauses.iter().any(|words| {
        let called = matches!(at(words, 0), "call" | "phone" | "ring" | "contact")
            && matches!(at(words, 1), "me" | "us");
        called
            || refuses_machine(words)
            || is_disappointed(words)
            || looks_for_somebody(words)
            || (0..words.len()).any(|i| {
                talks(words, i)
                    || passes(words, i)
                    || wishes(words, i)
                    || asks_for_contact(words, i)
                    || reaches(words, i)
                    || wants_callback(words, i)
                    || asks_for_help_of(words, i)
            })
    })
}

/// What small talk the text is, if it is nothing else.
pub(crate) fn small(text: &str) -> Option<Small> {
    let words: Vec<String> = clauses(text).concat();
    if words.is_empty() {
        return Some(Small::Nothing);
    }
    if words.len() > 8 {
        return None;
    }
    let asks = words
        .iter()
        .position(|word| word == "are")
        .filter(|at| words.get(at + 1).is_some_and(|word| word == "you"));
    if let Some(place) = asks {
        let nature = |word: &String| {
            is_machine(word) || is_surely_person(word) || is_person_filler(word) || word == "or"
        };
        let rest = &words[place + 2..];
        let named = rest
            .iter()
            .any(|word| is_machine(word) || is_surely_person(word) || word == "human" || word == "real");
        if named && rest.iter().all(nature) {
            return Some(Small::Nature);
        }
    }
    let goodness = words.windows(2).any(|pair| pair[0] == "good" && is_daytime(&pair[1]));
    let greets = goodness || words.iter().any(|word| is_greeting(word));
    let thanks = words.iter().any(|word| is_thanks(word));
    let leaves = words.iter().any(|word| is_farewell(word));
    let known = |word: &String| {
        is_greeting(word)
            || is_thanks(word)
            || is_farewell(word)
            || is_filler(word)
            || (goodness && is_daytime(word))
    };
    if !words.iter().all(known) {
        return None;
    }
    match (thanks, leaves, greets) {
        (_, true, _) => Some(Small::Farewell),
        (true, _, _) => Some(Small::Thanks),
        (_, _, true) => Some(Small::Greeting),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Small, small, wants_person};

    #[test]
    fn the_wish_for_a_person_is_understood_in_many_words() {
        for text in [
            "I want to talk to someone",
            "Human please!",
            "can i pls speak to a real persn",
            "connect us with your support team",
            "I'd like to have a person look at this",
            "We need a human being",
            "Is anyone there?",
            "could somebody from your team ring me back",
            "can you call me",
            "Who can I talk to about this?",
            "your bot is terrible",
            "I do not want to talk to a machine",
            "That was not helpful.",
            "please escalate this",
            "hand me over to an agent",
            "let me speak with a manager",
            "can we discuss the matter with a colleague of yours",
            "how do I contact a living person",
            "could somebody real help me with that",
            "it would be nice to have one of your team help us",
            "anybody, hello?",
            "please put us in contact with an employee",
            "I insist on speaking to a human",
            "we would like a callback",
            "are any of your staff online",
            "may a team member please ring me",
            "please let someone contact us",
            "I'd like to speak to a living being",
            "these answers are really bad",
            "somebody here?",
            "could you put us through please",
            "let me speak to whoever decides this",
            "we paid twice, can a person look at that?",
            "I need someone to sort it out",
            "could I be transferred to an agent",
            "somebody else, please",
        ] {
            assert!(wants_person(text), "{text}");
        }
    }

    #[test]
    fn questions_about_people_are_questions() {
        for text in [
            "how do visitors talk to a person",
            "what can an agent do",
            "how do I invite someone to my team",
            "can a member of the team edit articles",
            "assign a task to a person",
            "I want to add an agent to the workspace",
            "can the bot answer in German",
            "how do I call Dana tomorrow",
            "my colleague can't sign in",
            "do I need support for PostgreSQL",
            "will customers talk to a bot or a person first",
            "I need a backup of somebody's messages",
            "it doesn't help to restart the server",
            "how do visitors reach a person",
            "can someone help me with the installation",
            "someone deleted my task",
            "what are members of staff allowed to do",
            "can I have a member of the team claim this",
            "how do I discuss a ticket with a colleague",
        ] {
            assert!(!wants_person(text), "{text}");
        }
    }

    #[test]
    fn small_talk_is_small_talk_only_when_it_is_nothing_else() {
        for (text, kind) in [
            ("hi", Some(Small::Greeting)),
            ("Good morning!", Some(Small::Greeting)),
            ("thanks a lot, that helped!", Some(Small::Thanks)),
            ("ok great", Some(Small::Thanks)),
            ("Thank you, bye", Some(Small::Farewell)),
            ("are you a robot?", Some(Small::Nature)),
            ("hello, are you human?", Some(Small::Nature)),
            ("??", Some(Small::Nothing)),
            ("hi, how do I sign in?", None),
            ("thanks but where is my backup", None),
            ("is it good", None),
        ] {
            assert_eq!(small(text), kind, "{text}");
        }
    }
}

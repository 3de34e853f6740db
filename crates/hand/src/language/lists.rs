//! Word lists: words that say nothing, words that say little, and words that mean the same.
//!
//! They are about English and about help desks in general; nothing here is about one knowledge base.

/// Words that say nothing about what is asked.
pub(super) const STOP: &str = "
a about actually afternoon all already also am an and another any anybody anyone anything are arent
as at be because been being both but by can cant could couldnt did didnt do does doesnt doing done
dont each either else evening ever exactly few for from good had has have havent having he hello her
here hers hey hi him his how however i id if ill im in into is isnt it its itself ive just let lets
like likely may maybe me might mine more morning most must my myself neither no nor not now of off
oh ok okay on only oops or other our ours out over own per please pls quite rather really same shall
she should shouldnt so some somebody somehow someone something still such than thank thanks that
thats the their theirs them themselves then there theres these they theyre this those through to too
until up upon us very via was wasnt we well were werent what whatever whats when whenever where
whereas wheres whether which while who whom whos whose why will with within without wont would
wouldnt vs versus yeah yes yet you your youre yours yourself
";

/// Words so general that it means little when an article lacks them.
pub(super) const COMMON: &str = "
able accept afternoon again ago agree ahead allow alone along always amount anywhere apart appear
area arrive ask avoid away back bad become began begin begun believe best better big bit bottom box
bring brought built busy came carry case catch caught certain check choose chose chosen clear click
come commit common compare complain complete confirm consider contain continue correct couple cover
create current dad day decide depend describe different difficult direct discover done dozen early
easy eight eleven empty end enough enter entire especially even evening eventually everybody
everyone everything exact example exist expect explain extra face fact fail fast feel felt figure
fill final find fine finish first fit five fix follow forget forgot forgotten found four fresh
friend front full further gave general get getting give given go going gone good got gotten great
grow guess guy guys half handle happen happy hard hear heard held help high hit hold home hope hour
huge hundred hurry idea ignore imagine important include instead issue keep kept kid kill kind knew
know known large last late later learn least leave left less level lie like listen little live long
look lose lost lot love low lunch made main make making man manage manual manually many mark matter
mean meant mention met middle mind minute miss mom moment month morning move much mum name near
necessary need never new next nice night nine nobody noon normal nothing notice offer often old once
one opposite own paid part parties party pass past people perfect perhaps pick piece place plain
plan play point possible prefer press pretty prevent previous problem promise proper provide pull
push put question quick quickest quickly quiet raise ran rare reach read ready real realize reason
receive recent recommend reduce refer refuse regular relevant rely remain remember remove repeat
require rest return right room run safe safest said same sat save saw say second see seem seen
select send sent separate separately serious serve set seven several short show shown side similar
simple single sit situation six skip slow small somewhere soon sort special specific spend spent
split spoke spoken stand start stay stick stood stop strange stranger stuff subject sudden suggest
support suppose sure switch take taken tell ten thing things think third thought thousand three
throw time times tip tips today together told tomorrow took top topic touch tough treat true trust
try turn twelve twice two type understand understood use used using usual various wait wake walk
want warn watch way week weekend went whole wide wish woman won wonder word work working world worn
worry write written wrong wrote year yesterday young zero
anymore apparently aware bother cause chance clean clever complicated confused convenient
cool correctly crazy curious damn dear demand dislike doubt easier easily effort eventually
expected failing favourite force fully funny future happily hate hint hopefully
impossible intend intention invent joke judge lack lucky maintenance manner
massive method neat obvious obviously occasion odd opinion
ordinary original otherwise perform personal plenty pleasant practical practice prepare
properly purpose random reliable rough sensible sense simply smart smooth
somewhat struggle stupid succeed success suitable surprise talk terrible
trick trouble typical unable unfortunate useful valuable weird willing wise worse
above across against among around behind below beside between during except inside onto outside
since toward towards under
monday tuesday wednesday thursday friday saturday sunday january february march april june july
august september october november december
";

/// Words that mean something else than what their stem means.
pub(super) const KEPT: &str = "
customer opening meeting living building booking listing canned custom
";

/// Two words that are also written as one.
pub(super) const JOINED: [(&str, &str); 4] =
    [("back", "up"), ("log", "in"), ("log", "out"), ("shut", "down")];

/// Words with their irregular forms, the base first.
pub(super) const IRREGULAR: &str = "
begin began begun
break broke broken
bring brought
build built
buy bought
catch caught
child children
choose chose chosen
come came
deal dealt
draw drew drawn
drive drove driven
fall fell fallen
feel felt
find found
forget forgot forgotten
get got gotten
give gave given
go went gone
grow grew grown
hear heard
hide hid hidden
hold held
keep kept
know knew known
lead led
lend lent
lose lost
make made
mean meant
meet met
pay paid
person people
ring rang rung
run ran
say said
see saw seen
sell sold
send sent
shake shook shaken
show shown
speak spoke spoken
spend spent
stand stood
steal stole stolen
stick stuck
take took taken
teach taught
tell told
think thought
throw threw thrown
understand understood
undo undid undone
wake woke woken
wear wore worn
write wrote written
";

/// The stems of verbs that mean something else with a small word after them: verb, small word, what is meant.
pub(super) const PHRASES: &str = "
take back undo
bring back restore undo
come back repeat recurring
dig up search
look up search
look for search
look after assign
get rid delete remove
kick out remove
throw out remove
lock out password
turn off disable stop
switch off disable stop
turn on enable
switch on enable
tick off complete
cross off complete
break down split subtask
run out full
fill up full
hand on transfer
hand over transfer
pass on transfer
set up install
go wrong error
jump to go
";

/// Groups of words that are used for the same thing, one group a line; a word may be in several.
pub(super) const SYNONYMS: &str = "
todo task
checklist subtask
deadline due
hotkey shortcut
shortcut key
reboot restart
alert notify remind
notification alert
reply answer respond response
client customer
buyer customer
visitor guest
colleague member staff employee teammate coworker
team staff
boss manager supervisor
delete remove erase
options settings configuration config preferences setup
folder directory
env environment variable
login sign
log sign
signin sign
logout sign
bug error fault
failure error
mobile phone smartphone cellphone
email mail
picture image photo
colour color
grey gray
edit change modify
adjust change
create make add
produce make
history audit log
journal log
protocol log
cancel delete
quit stop
halt stop
begin start
launch start
finish complete done
finished done
ticked done
repair fix
website page site
webpage page
screen page
homepage website
document article doc
docs articles
manual guide
instructions guide
message text
conversation chat
dialogue conversation
link connect
url link address
address link
backup copy
duplicate copy
restore recover
password credentials
passphrase password
account member
user member
profile account
admin administrator
database db
postgres postgresql
bot machine robot assistant
chatbot bot
invoice bill
price cost fee
window popup
bubble button
laptop computer pc desktop
mac macos
macbook mac
label tag
category label
repeat recurring recur
weekly recurring
urgent priority
important priority
postpone snooze delay
defer postpone
assign delegate
search find lookup
forget lost
forgot lost
misplace lose
revoke invalidate withdraw
privacy private
confidential private
gdpr privacy
secure security safe
protect security
permission rights role allowed
allow permit
denied refused
reject refuse
install setup
upgrade update
llm model ai
gpt openai
crash broken
damaged broken
corrupt damaged
slow performance
theme mode
night dark
translate language
snippet code
kanban board
column status
undo revert
steal theft stolen
hacker attacker
storage disk
memory ram
export download
import upload
picture avatar
weekday day
clock time
timezone zone
assistive reader
blind reader
calendar schedule
plan schedule
meeting appointment
phone call
ring call
transfer pass
takeover claim
handover handoff
owner holder
join invite
hire employ
terminal console shell
command terminal
port listen
monitor health
monitoring health
probe health
cron script
automation script
program script
integrate connect
webhook integration
typo misspelling
shut close
end close
kick remove
expel remove
dismiss remove
detach remove
release version
part step
piece step
split divide break
hour time
trail history
expire valid
outdated old
improve better
fix solve
solve settle
issue problem
trouble problem
internal note
teammate member
merge combine join
move drag
tag tagged
nginx proxy
caddy proxy
certificate https
ssl https
tls https
reimburse refund
left leave
gone leave
comment note
refresh reload
accidentally mistake
mistakenly mistake
wrong mistake
earlier before
faq article
biweekly weekly
instance process
version release
compile build
icon button
welcome greeting
workday weekday
promote role owner admin
demote role
drive disk
device disk
device computer
space disk
shut stop
hotline phone
store keep save
database data
software program app
fire employee
sack employee
block deactivate disable
ban deactivate
disable deactivate
access permission token
green colour
red colour
blue colour
yellow colour
black dark colour
white light colour
orange colour
purple colour
pink colour
vps server
hosting server
claude model
chatgpt model
gemini model
mistral model
jump go
rename name
receive get arrive
internet network online
offline connection
tablet mobile
mouse keyboard
double duplicate
avoid prevent
superuser owner admin
spelling misspelled
";

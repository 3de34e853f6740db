//! What the machine is and what its disk can do.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn output(program: &str, args: &[&str]) -> String {
    let done = Command::new(program).args(args).output();
    done.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned()).unwrap_or_default()
}

/// The report's first lines: when, which commit, which machine.
pub(crate) fn heading() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|line| line.split_whitespace().next())
        .and_then(|kib| kib.parse().ok())
        .unwrap_or(0);
    let dirty = if output("git", &["status", "--porcelain", "--", "crates", "Cargo.lock"]).is_empty() {
        ""
    } else {
        " with changes"
    };
    format!(
        "# Benchmarks\n\n`make bench` at commit {}{dirty}, {}.\n\nMachine: {model}, {cores} cores, {:.0} GiB, {}; \
         the load generator and the databases run on it too.\n",
        output("git", &["rev-parse", "--short", "HEAD"]),
        output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        total as f64 / 1024.0 / 1024.0,
        output("uname", &["-sr"]),
    )
}

/// Touches as much memory as a round's files need and frees it.
///
/// A virtual machine may give free memory back to its host, and then a page's first touch takes many times what it takes
/// to write it. Whoever writes more of them would be measured by that.
pub(crate) fn touch_memory() {
    const SIZE: usize = 2 << 30;
    const PAGE: usize = 4096;
    let mut memory = Vec::<u8>::with_capacity(SIZE);
    for page in memory.spare_capacity_mut().chunks_mut(PAGE) {
        page[0].write(1);
    }
    std::hint::black_box(&mut memory);
}

/// How long an fsync of one page takes on the disk that `folder` is on: the median of `rounds`.
pub(crate) fn fsync(folder: &Path) -> Duration {
    let path = folder.join("fsync-probe");
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).open(&path).expect("a probe file");
    let page = [7_u8; 4096];
    let mut took: Vec<Duration> = (0..200)
        .map(|_| {
            file.write_all(&page).expect("a page is written");
            let started = Instant::now();
            file.sync_data().expect("the disk syncs");
            started.elapsed()
        })
        .collect();
    let _ = std::fs::remove_file(&path);
    took.sort();
    took[took.len() / 2]
}

/// How long a flush of two pages takes on the disk that `folder` is on when there is one every `pace`, and each takes
/// `slower` longer: the median of `rounds`. Nearly everything takes longer where the machine has rested before.
pub(crate) fn fsync_at_rest(folder: &Path, pace: Duration, slower: Duration, rounds: usize) -> Duration {
    let file = File::create(folder.join("fsync-probe")).expect("a probe file");
    let pages = [7_u8; 8192];
    // As a database's log does, it goes over what is there already.
    let write =
        |round: usize| file.write_all_at(&pages, (round * pages.len()) as u64).expect("pages are written");
    (0..rounds).for_each(write);
    file.sync_all().expect("the disk syncs");
    let mut took: Vec<Duration> = (0..rounds)
        .map(|round| {
            std::thread::sleep(pace);
            write(round);
            let started = Instant::now();
            file.sync_data().expect("the disk syncs");
            std::thread::sleep(slower);
            started.elapsed()
        })
        .collect();
    percentile(&mut took, 0.5)
}

/// The value below which `share` of `values` are.
pub(crate) fn percentile(values: &mut [Duration], share: f64) -> Duration {
    if values.is_empty() {
        return Duration::ZERO;
    }
    values.sort();
    values[(((values.len() - 1) as f64) * share).round() as usize]
}

/// Milliseconds with two digits behind the point.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// What this program and the servers that it started have used so far.
#[derive(Default)]
pub(crate) struct Work {
    /// Processor time.
    pub(crate) processor: Duration,
    /// How often disks were told to write down what they hold.
    pub(crate) flushes: u64,
}

impl Work {
    pub(crate) fn now() -> Self {
        let servers = ["benches", "deskhand", "postgres", "nats-server", "java"];
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ticks = processes.filter_map(|entry| {
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
            let fields: Vec<&str> = rest.split_whitespace().collect();
            // User and system time; the kernel counts in hundredths of a second.
            servers
                .contains(&name)
                .then(|| Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?))?
        });
        let disks = std::fs::read_dir("/sys/block").into_iter().flatten().flatten();
        let flushes = disks.filter_map(|entry| {
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            stat.split_whitespace().nth(15)?.parse::<u64>().ok()
        });
        Self { processor: Duration::from_millis(10 * ticks.sum::<u64>()), flushes: flushes.sum() }
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            processor: self.processor.saturating_sub(before.processor),
            flushes: self.flushes.saturating_sub(before.flushes),
        }
    }
}

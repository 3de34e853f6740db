//! `config show` and `config check`: what is in force, and what is wrong with it.

use std::path::PathBuf;

use config::Config;

use crate::args::ConfigCommand;
use crate::database::sources;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, table};

pub(crate) fn run(command: ConfigCommand, settings: Option<PathBuf>, output: Output) -> Outcome {
    match command {
        ConfigCommand::Show => show(&Config::load(sources(settings))?, output),
        ConfigCommand::Check => check(settings, output),
    }
}

fn show(config: &Config, output: Output) -> Outcome {
    let effective = config.effective();
    output.result(&serde_json::json!({ "items": effective }), || {
        let row = |setting: &config::Effective| {
            let value = setting.value.clone().unwrap_or_else(|| "-".to_owned());
            vec![setting.key.to_owned(), value, setting.source.to_string()]
        };
        table(&effective.iter().map(row).collect::<Vec<_>>())
    })
}

fn check(settings: Option<PathBuf>, output: Output) -> Outcome {
    match Config::load(sources(settings)) {
        Ok(_) => output.result(&serde_json::json!({ "problems": [] }), || "the settings are good".to_owned()),
        Err(problems) => {
            let lines: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
            output.result(&serde_json::json!({ "problems": lines }), || lines.join("\n"))?;
            let count = lines.len();
            Err(Failure::Found(format!("{count} problem{}", if count == 1 { "" } else { "s" })))
        }
    }
}

//! The binary: arguments and environment in, exit code out. What happens between stands in the library.

use std::process::ExitCode;

use clap::Parser as _;
use cli::{
    args::Arguments, command, complain, environment::Environment, exit::Exit, screen::Screen, stop::Stop,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(error) => {
            let screen = Screen::detect(arguments.everywhere.color, cli::screen::Wishes::default());
            let stop = Stop::input("the folder that seaworthy was started in is gone").because(error);
            screen.note(&complain::report(screen, &stop));
            return Exit::Input.into();
        }
    };
    let screen = Screen::detect(arguments.everywhere.color, environment.wishes);
    match command::carry_out(arguments, environment, screen) {
        Ok(exit) => exit.into(),
        Err(stop) => {
            screen.note(&complain::report(screen, &stop));
            stop.exit.into()
        }
    }
}

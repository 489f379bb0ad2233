//! The model of SQLite's locks against SQLite itself: `sqlite-lock` with `sqlite=current` does what the library does.
//!
//! The schedules are the model's own. Its counterexamples are walked, their loops several times over, and so is every step of its state graph. Each call
//! that the model makes is made on a real database in WAL mode, with a connection for the writer and one for the shell, in one thread:
//! what the call returns, and what the connections and the file then look like, must be what the model says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;
use std::ptr;

use allways::catalogue::{Entry, Variant};
use allways::models::catalogue;
use allways::search::{Options, Verdict};
use allways::space::StepKind;
use allways::trace::{About, Graph, Trace, TraceStep};
use allways::value::Tree;
use rusqlite::{Connection, OpenFlags, ffi};
use tempfile::TempDir;

/// How often the loop of a counterexample is walked: for ever is too long.
const ROUNDS: usize = 5;

/// A persistent statement that is reset only when it is told to be. rusqlite resets its own as soon as they return an error, and the story is about one
/// that nobody reset.
struct Persistent(*mut ffi::sqlite3_stmt);

#[allow(unsafe_code)]
impl Persistent {
    fn prepare(connection: &Connection, sql: &std::ffi::CStr) -> Self {
        let mut statement = ptr::null_mut();
        // SAFETY: the connection is open, and the text ends with a zero.
        let code = unsafe {
            ffi::sqlite3_prepare_v2(
                connection.handle(),
                sql.as_ptr(),
                -1,
                &mut statement,
                ptr::null_mut(),
            )
        };
        assert_eq!(code, ffi::SQLITE_OK);
        Persistent(statement)
    }

    /// Steps it with this parameter; the extended result code.
    fn step(&self, connection: &Connection, parameter: i64) -> i32 {
        // SAFETY: the statement belongs to the connection, which is open.
        unsafe {
            assert_eq!(
                ffi::sqlite3_bind_int64(self.0, 1, parameter),
                ffi::SQLITE_OK
            );
            ffi::sqlite3_step(self.0);
            ffi::sqlite3_extended_errcode(connection.handle())
        }
    }

    fn reset(&self) {
        // SAFETY: the statement is not finalized yet. What it returns is the code of the last step once more.
        unsafe { ffi::sqlite3_reset(self.0) };
    }

    fn is_open(&self) -> bool {
        // SAFETY: the statement is not finalized yet.
        unsafe { ffi::sqlite3_stmt_busy(self.0) != 0 }
    }
}

impl Drop for Persistent {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: it is finalized once, and before its connection is closed: see `Client`.
        unsafe { ffi::sqlite3_finalize(self.0) };
    }
}

/// A connection with its statement that inserts. Fields are dropped in this order.
struct Client {
    insert: Persistent,
    connection: Connection,
}

impl Client {
    fn open(folder: &TempDir) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection =
            Connection::open_with_flags(folder.path().join("db"), flags).expect("it can be opened");
        // Nobody waits by itself, since there is one thread; see `Real::poll`. Nothing has to survive a power cut.
        connection
            .busy_timeout(std::time::Duration::ZERO)
            .expect("it is a setting");
        connection
            .pragma_update(None, "synchronous", "off")
            .expect("it is a setting");
        let insert = Persistent::prepare(&connection, c"INSERT INTO data VALUES (?)");
        Client { insert, connection }
    }

    /// The extended result code.
    fn execute(&self, sql: &str) -> i32 {
        match self.connection.execute_batch(sql) {
            Ok(()) => ffi::SQLITE_OK,
            Err(rusqlite::Error::SqliteFailure(error, _)) => error.extended_code,
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

/// A real database, and what its calls returned that the model has not said yet.
struct Real {
    clients: BTreeMap<String, Client>,
    /// Has no part in it; looks at the file and its lock from outside.
    onlooker: Client,
    returned: BTreeMap<String, i32>,
    /// Who waits for the lock in `BEGIN IMMEDIATE`.
    waiting: Option<String>,
    folder: TempDir,
}

impl Real {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let connection = Connection::open(folder.path().join("db")).expect("it can be opened");
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .expect("it is a setting");
        assert_eq!(mode, "wal");
        connection
            .execute_batch("CREATE TABLE data (row INTEGER)")
            .expect("it is empty");
        let mut real = Real {
            clients: BTreeMap::new(),
            onlooker: Client::open(&folder),
            returned: BTreeMap::new(),
            waiting: None,
            folder,
        };
        real.start_again();
        real
    }

    /// As it was: no rows, new connections.
    fn start_again(&mut self) {
        self.clients.clear();
        self.returned.clear();
        self.waiting = None;
        assert_eq!(self.onlooker.execute("DELETE FROM data"), ffi::SQLITE_OK);
        for name in ["writer", "shell"] {
            self.clients
                .insert(name.to_owned(), Client::open(&self.folder));
        }
    }

    /// Does what the model does in a step.
    fn follow(&mut self, step: &Step<'_>) -> Result<(), String> {
        match (step.kind, step.from) {
            (StepKind::Deliver, Some(client)) if step.lane == "sqlite" => {
                self.call(client, argument(step.content, "Call"));
            }
            // The busy time-out: this is the last attempt.
            (StepKind::Timeout, _) if step.lane == "sqlite" => {
                let client = self.waiting.take().expect("somebody waits");
                let code = self.clients[&client].execute("BEGIN IMMEDIATE");
                self.returned.insert(client, code);
            }
            (StepKind::Deliver, Some("sqlite")) => {
                let code = self.returned.remove(step.lane);
                let said = argument(step.content, "Returned").text();
                return agree(
                    &format!("what a call of the {} returns", step.lane),
                    code.map(name),
                    Some(&said),
                );
            }
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, client: &str, call: &Tree) {
        if call.text().starts_with("Reopen") {
            self.clients.remove(client);
            self.clients
                .insert(client.to_owned(), Client::open(&self.folder));
        }
        let Client { insert, connection } = &self.clients[client];
        let text = call.text();
        let code = match text.as_str() {
            "Begin" => self.clients[client].execute("BEGIN"),
            "BeginImmediate{patient: true}" => {
                self.waiting = Some(client.to_owned());
                return self.poll();
            }
            "BeginImmediate{patient: false}" => self.clients[client].execute("BEGIN IMMEDIATE"),
            "Select" => {
                let count = connection
                    .query_row("SELECT count(*) FROM data", [], |row| row.get::<_, i64>(0));
                assert!(count.is_ok(), "{count:?}");
                ffi::SQLITE_OK
            }
            "Reset" => {
                insert.reset();
                ffi::SQLITE_OK
            }
            "Commit" => self.clients[client].execute("COMMIT"),
            "Rollback" => self.clients[client].execute("ROLLBACK"),
            "Reopen" => ffi::SQLITE_OK,
            _ => {
                insert.reset();
                let code = insert.step(connection, number(argument(call, "Insert")));
                // A statement that is done is reset at once.
                if code == ffi::SQLITE_DONE {
                    insert.reset();
                }
                code
            }
        };
        self.returned.insert(client.to_owned(), code);
        self.poll();
    }

    /// Who waits for the lock tries again, as the busy handler does; if it does not get it, it goes on waiting.
    fn poll(&mut self) {
        if let Some(client) = self.waiting.clone() {
            let code = self.clients[&client].execute("BEGIN IMMEDIATE");
            if code != ffi::SQLITE_BUSY {
                self.returned.insert(client, code);
                self.waiting = None;
            }
        }
    }

    /// Compares what can be seen with a state of the model.
    fn compare(&self, database: &Tree) -> Result<(), String> {
        agree("rows", self.rows(), numbers(field(database, "rows")))?;
        let is_locked = self.lock() == ffi::SQLITE_BUSY;
        agree(
            "lock",
            is_locked,
            field(database, "writer").text() != "None",
        )?;
        let Tree::Map(connections) = field(database, "connections") else {
            panic!("{database:?}");
        };
        for (client, connection) in connections {
            let real = &self.clients[&client.text()];
            let said = |name| field(connection, name).text() == "true";
            let in_transaction = !real.connection.is_autocommit();
            agree("transaction", in_transaction, said("in_transaction"))?;
            agree("statement", real.insert.is_open(), said("open_statement"))?;
        }
        Ok(())
    }

    /// The committed rows.
    fn rows(&self) -> BTreeSet<i64> {
        let mut statement = self
            .onlooker
            .connection
            .prepare("SELECT DISTINCT row FROM data")
            .expect("the table is there");
        let rows = statement
            .query_map([], |row| row.get(0))
            .expect("it can be read");
        rows.collect::<Result<_, _>>().expect("they are numbers")
    }

    /// What it is to try the lock.
    fn lock(&self) -> i32 {
        let code = self.onlooker.execute("BEGIN IMMEDIATE");
        if code == ffi::SQLITE_OK {
            assert_eq!(self.onlooker.execute("ROLLBACK"), ffi::SQLITE_OK);
        }
        code
    }
}

/// What is found in SQLite, and what the model says of it.
fn agree<A: Debug + PartialEq<B>, B: Debug>(what: &str, found: A, said: B) -> Result<(), String> {
    if found == said {
        return Ok(());
    }
    Err(format!("{what}: {found:?}, where the model says {said:?}"))
}

/// What a step of a trace and a step of a graph have in common.
struct Step<'a> {
    kind: StepKind,
    lane: &'a str,
    from: Option<&'a str>,
    content: &'a Tree,
}

/// A result code in the model's words.
fn name(code: i32) -> &'static str {
    match code {
        ffi::SQLITE_OK | ffi::SQLITE_DONE => "Ok",
        ffi::SQLITE_ERROR => "Error",
        ffi::SQLITE_BUSY => "Busy",
        ffi::SQLITE_BUSY_SNAPSHOT => "BusySnapshot",
        other => panic!("the model knows no code {other}"),
    }
}

/// The only field of a tuple variant.
fn argument<'a>(tree: &'a Tree, variant: &str) -> &'a Tree {
    match tree {
        Tree::Tuple(name, fields) if name == variant && fields.len() == 1 => &fields[0],
        other => panic!("{other:?} is no {variant}"),
    }
}

fn field<'a>(tree: &'a Tree, name: &str) -> &'a Tree {
    let Tree::Struct(_, fields) = tree else {
        panic!("{tree:?} has no fields");
    };
    let found = fields.iter().find(|(field, _)| field == name);
    &found.expect("it has the field").1
}

/// A row of the model as a number.
fn number(row: &Tree) -> i64 {
    let digit = |name| {
        field(row, name)
            .text()
            .parse::<i64>()
            .expect("it is a number")
    };
    match row {
        Tree::Unit(_) => -1,
        _ => 100 * digit("batch") + digit("row"),
    }
}

fn numbers(rows: &Tree) -> BTreeSet<i64> {
    match rows {
        Tree::Set(rows) | Tree::List(rows) => rows.iter().map(number).collect(),
        other => panic!("{other:?} is no set"),
    }
}

fn settings(sqlite: &str) -> Vec<(String, String)> {
    let settings = [("sqlite", sqlite), ("visits", "2")];
    settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// About an SQLite that is no more, whatever the setting.
const OF_2011: &str = "rollback-first";

/// The part of the state that the model's SQLite is.
fn database(graph: &Graph, state: usize) -> &Tree {
    let mut parts = graph.states[state].parts.iter();
    let (_, tree) = parts
        .find(|(part, _)| part == "sqlite")
        .expect("it is an actor");
    match tree {
        // Beside its state it has a timer.
        Tree::Struct(name, _) if name.is_empty() => field(tree, "state"),
        tree => tree,
    }
}

/// The shortest way from a state to one with a step that was not taken yet: its steps, that one included.
fn way_to_new(
    graph: &Graph,
    from: usize,
    outgoing: &[Vec<usize>],
    taken: &[bool],
) -> Option<Vec<usize>> {
    let mut came_by: BTreeMap<usize, Option<usize>> = BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(state) = queue.pop_front() {
        for &step in &outgoing[state] {
            if !taken[step] {
                let mut way = vec![step];
                let mut at = state;
                while let Some(step) = came_by[&at] {
                    way.push(step);
                    at = graph.steps[step].source;
                }
                way.reverse();
                return Some(way);
            }
            let target = graph.steps[step].target;
            if let std::collections::btree_map::Entry::Vacant(entry) = came_by.entry(target) {
                entry.insert(Some(step));
                queue.push_back(target);
            }
        }
    }
    None
}

/// Takes every step of a variant's graph, and compares wherever it comes by.
fn compare(entry: &Entry, variant: &Variant, sqlite: &str) -> Result<(), String> {
    let values = entry.values(&settings(sqlite)).expect("they are in range");
    let graph = variant
        .build(&values)
        .and_then(|mut built| built.graph(&Options::default(), &About::default()))
        .expect("the variant is whole and small");
    assert!(graph.cut_by.is_empty());
    let mut outgoing = vec![Vec::new(); graph.states.len()];
    for (index, step) in graph.steps.iter().enumerate() {
        outgoing[step.source].push(index);
    }
    let mut taken = vec![false; graph.steps.len()];
    let mut real = Real::new();
    // Walks that end where there is nothing new any more.
    while taken.contains(&false) {
        real.start_again();
        let mut at = 0;
        while let Some(way) = way_to_new(&graph, at, &outgoing, &taken) {
            for index in way {
                taken[index] = true;
                let step = &graph.steps[index];
                real.follow(&Step {
                    kind: step.kind,
                    lane: &step.lane,
                    from: step.from.as_deref(),
                    content: &step.content,
                })?;
                at = step.target;
                real.compare(database(&graph, at))?;
            }
        }
    }
    Ok(())
}

#[test]
fn every_step_of_the_model_is_a_step_of_sqlite() {
    let catalogue = catalogue();
    let entry = catalogue.model("sqlite-lock").expect("it is listed");
    for variant in entry.variants.iter().filter(|v| v.name != OF_2011) {
        assert_eq!(
            compare(entry, variant, "current"),
            Ok(()),
            "{}",
            variant.name
        );
    }
}

/// That the comparison can fail: the old rules are not those of today.
#[test]
fn sqlite_of_2011_did_not_roll_back_with_an_open_statement() {
    let catalogue = catalogue();
    let entry = catalogue.model("sqlite-lock").expect("it is listed");
    for name in [OF_2011, "retry-statement-query"] {
        let variant = entry.variant(name).expect("it is listed");
        assert!(compare(entry, variant, "3.7.7").is_err(), "{name}");
    }
}

/// The counterexample of a property, if there is one.
fn counterexample(entry: &Entry, variant: &Variant, property: &str) -> Option<Trace> {
    let values = entry
        .values(&settings("current"))
        .expect("they are in range");
    let mut built = variant.build(&values).expect("the variant is whole");
    let checked = built
        .check(&Options::default(), &About::default(), &())
        .expect("the model is sound");
    let mut outcomes = checked.outcome.properties.iter().zip(checked.traces);
    let (outcome, trace) = outcomes
        .find(|(outcome, _)| outcome.decl.name == property)
        .expect("it is a property");
    trace.filter(|_| outcome.verdict == Verdict::Violated)
}

#[test]
fn what_the_model_calls_stuck_is_stuck_in_sqlite() {
    let catalogue = catalogue();
    let entry = catalogue.model("sqlite-lock").expect("it is listed");
    let mut stuck = Vec::new();
    for variant in entry.variants.iter().filter(|v| v.name != OF_2011) {
        let Some(trace) = counterexample(entry, variant, "the writer commits again") else {
            continue;
        };
        let path = &trace.paths[0];
        let (stem, round) = path.steps.split_at(path.loop_start.expect("it is a lasso"));
        let mut real = Real::new();
        let mut walk = |steps: &[TraceStep]| {
            for step in steps {
                let followed = real.follow(&Step {
                    kind: step.kind,
                    lane: &step.lane,
                    from: step.from.as_deref(),
                    content: &step.content,
                });
                assert_eq!(followed, Ok(()), "{}", variant.name);
            }
            real.rows()
        };
        let before = walk(stem);
        for _ in 0..ROUNDS {
            assert_eq!(walk(round), before, "{}: nothing new", variant.name);
        }
        // And nobody is to blame but the writer: the shell has ended its transaction.
        assert_eq!(real.lock(), ffi::SQLITE_OK, "{}", variant.name);
        stuck.push(variant.name.as_str());
    }
    assert_eq!(
        stuck,
        [
            "as-asked",
            "rollback-first-current-query",
            "retry-statement-query"
        ]
    );
}

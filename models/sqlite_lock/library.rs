//! SQLite: the library and the file, in WAL mode, with the rules that its locks and its statements follow.

use super::{BusyTimeout, Call, Code, Msg, Row};
use allways::prelude::*;

/// Which SQLite.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Version {
    V3_7_7,
    Current,
}

/// The library and the file, in WAL mode.
pub(super) struct Sqlite {
    pub(super) version: Version,
}

state! {
    #[derive(Default)]
    pub(super) struct Database {
        pub(super) rows: Set<Row>,
        /// Whose connection has the write lock, of which there is one.
        writer: Option<Id>,
        /// Whose patient call waits for it.
        waiting: Option<Id>,
        connections: Map<Id, Connection>,
    }

    #[derive(Default)]
    pub(super) struct Connection {
        in_transaction: bool,
        /// What the connection sees of the file, while it reads.
        sees: Option<View>,
        /// The statement that inserts was stepped to no avail, and not reset.
        open_statement: bool,
        uncommitted: Set<Row>,
    }

    #[derive(Copy)]
    pub(super) enum View {
        Latest,
        /// Another connection has changed the file since.
        Stale,
    }
}

impl Sqlite {
    /// Takes the write lock, for a connection that sees the latest of the file or nothing yet.
    fn lock(&self, database: &mut Database, client: Id, connection: &mut Connection) -> Code {
        if database.writer.is_some_and(|writer| writer != client) {
            return Code::Busy;
        }
        if connection.sees == Some(View::Stale) {
            return match self.version {
                Version::V3_7_7 => Code::Busy,
                Version::Current => Code::BusySnapshot,
            };
        }
        database.writer = Some(client);
        connection.sees = Some(View::Latest);
        Code::Ok
    }

    fn begin_immediate(
        &self,
        database: &mut Database,
        client: Id,
        connection: &mut Connection,
    ) -> Code {
        if connection.in_transaction {
            return Code::Error;
        }
        let code = self.lock(database, client, connection);
        connection.in_transaction = code == Code::Ok;
        code
    }

    fn commit(&self, database: &mut Database, client: Id, connection: &mut Connection) -> Code {
        if !connection.in_transaction {
            return Code::Error;
        }
        if !connection.uncommitted.is_empty() {
            database.rows.extend(connection.uncommitted.iter().copied());
            let others = database.connections.iter().filter(|(id, _)| **id != client);
            let outdated = others.map(|(&id, other)| {
                let sees = other.sees.map(|_| View::Stale);
                (
                    id,
                    Connection {
                        sees,
                        ..other.clone()
                    },
                )
            });
            database.connections = outdated.collect();
        }
        self.end(database, client, connection);
        Code::Ok
    }

    fn rollback(&self, database: &mut Database, client: Id, connection: &mut Connection) -> Code {
        if !connection.in_transaction {
            return Code::Error;
        }
        if connection.open_statement && self.version == Version::V3_7_7 {
            return Code::Busy;
        }
        self.end(database, client, connection);
        Code::Ok
    }

    /// The transaction is over. An open statement goes on seeing what it saw.
    fn end(&self, database: &mut Database, client: Id, connection: &mut Connection) {
        connection.in_transaction = false;
        connection.uncommitted = Set::new();
        if !connection.open_statement {
            connection.sees = None;
        }
        if database.writer == Some(client) {
            database.writer = None;
        }
    }

    fn call(
        &self,
        database: &mut Database,
        client: Id,
        connection: &mut Connection,
        call: Call,
    ) -> Code {
        match call {
            Call::Begin if connection.in_transaction => Code::Error,
            Call::Begin => {
                connection.in_transaction = true;
                Code::Ok
            }
            Call::BeginImmediate { .. } => self.begin_immediate(database, client, connection),
            Call::Select => {
                connection.sees = connection.sees.or(Some(View::Latest));
                Code::Ok
            }
            Call::Insert(row) => {
                let code = self.lock(database, client, connection);
                connection.open_statement = code != Code::Ok;
                if code == Code::Ok {
                    connection.uncommitted.insert(row);
                }
                code
            }
            Call::Reset => {
                connection.open_statement = false;
                Code::Ok
            }
            Call::Commit => self.commit(database, client, connection),
            Call::Rollback => self.rollback(database, client, connection),
            Call::Reopen => {
                connection.open_statement = false;
                self.end(database, client, connection);
                Code::Ok
            }
        }
    }
}

impl Actor for Sqlite {
    type Msg = Msg;
    type State = Database;
    type Timer = BusyTimeout;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Database {
        Database::default()
    }

    fn on_msg(
        &self,
        _: Id,
        database: &mut Cow<'_, Database>,
        client: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let Msg::Call(call) = msg else {
            return;
        };
        let database = database.to_mut();
        let mut connection = database
            .connections
            .get(&client)
            .cloned()
            .unwrap_or_default();
        let patient = call == Call::BeginImmediate { patient: true };
        let code = self.call(database, client, &mut connection, call);
        database.connections.insert(client, connection);
        if patient && code == Code::Busy {
            database.waiting = Some(client);
            o.set_timer(BusyTimeout, model_timeout());
            return;
        }
        o.send(client, Msg::Returned(code));
        // Who waits for the lock tries again and again.
        if let Some(waiting) = database.waiting
            && database.writer.is_none()
        {
            let mut connection = database
                .connections
                .get(&waiting)
                .cloned()
                .unwrap_or_default();
            let code = self.begin_immediate(database, waiting, &mut connection);
            database.connections.insert(waiting, connection);
            database.waiting = None;
            o.cancel_timer(BusyTimeout);
            o.send(waiting, Msg::Returned(code));
        }
    }

    fn on_timeout(
        &self,
        _: Id,
        database: &mut Cow<'_, Database>,
        _: &BusyTimeout,
        o: &mut Out<Self>,
    ) {
        if let Some(waiting) = database.to_mut().waiting.take() {
            o.send(waiting, Msg::Returned(Code::Busy));
        }
    }
}

//! Doors: ports of this computer's loopback behind which the hosts' sshd is met from the operator's side.
//!
//! Flows in: connections to `127.0.0.1`. Flows out: connections to hosts, made in the operator's namespace, so that faults
//! hold for them. Must not: join the two networks: bytes pass, packets do not.

use std::{io, net::Ipv4Addr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::socket::Network;

/// A door that is not open yet: its port is taken.
pub(crate) struct Door {
    listener: TcpListener,
    pub(crate) port: u16,
}

impl Door {
    pub(crate) async fn at_any_port() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// Lets in whoever comes, until it is dropped.
    pub(crate) async fn serve(self, operator: Network, host: Ipv4Addr) {
        let mut visits = JoinSet::new();
        loop {
            tokio::select! {
                Ok((visitor, _)) = self.listener.accept() => {
                    let operator = operator.clone();
                    visits.spawn(async move { let _closed = visit(visitor, &operator, host).await; });
                }
                Some(_) = visits.join_next() => {}
            }
        }
    }
}

async fn visit(mut visitor: TcpStream, operator: &Network, host: Ipv4Addr) -> io::Result<()> {
    visitor.set_nodelay(true)?;
    let mut inside = operator.connect(host, 22).await?;
    copy_bidirectional(&mut visitor, &mut inside).await?;
    Ok(())
}

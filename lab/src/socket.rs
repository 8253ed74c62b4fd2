//! Sockets of this process in other network namespaces.
//!
//! Flows in: a namespace. Flows out: sockets in it; they stay there whoever uses them. Must not: move the caller.

use std::{
    fs::OpenOptions,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, UdpSocket},
    os::fd::{AsFd as _, OwnedFd},
    sync::Arc,
    thread,
};

use rustix::{
    net::{AddressFamily, SocketType, socket},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use tokio::{net::TcpSocket, runtime::Handle};
use tokio_tun::Tun;

/// A network namespace. While it is held, the namespace stays.
#[derive(Debug, Clone)]
pub(crate) struct Network(Arc<OwnedFd>);

impl Network {
    /// That of a process.
    pub(crate) fn of(process: u32) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).open(format!("/proc/{process}/ns/net"))?;
        Ok(Self(Arc::new(file.into())))
    }

    /// A UDP socket in it, on any free port of all its addresses.
    pub(crate) fn udp(&self) -> io::Result<tokio::net::UdpSocket> {
        let socket = self.inside(|| UdpSocket::bind("[::]:0"))?;
        socket.set_nonblocking(true)?;
        tokio::net::UdpSocket::from_std(socket)
    }

    /// A device in it whose packets come to this process; it is up, and goes when it is dropped.
    pub(crate) fn tun(&self, name: &'static str) -> io::Result<Tun> {
        let runtime = Handle::current();
        let made = self.inside(move || {
            let _reactor = runtime.enter();
            Tun::builder().name(name).close_on_exec().up().build().map_err(io::Error::other)
        })?;
        made.into_iter().next().ok_or_else(|| io::Error::other("no device was made"))
    }

    /// Connects from it.
    pub(crate) async fn connect(&self, to: Ipv4Addr, port: u16) -> io::Result<tokio::net::TcpStream> {
        let fd = self.inside(|| Ok(socket(AddressFamily::INET, SocketType::STREAM, None)?))?;
        let socket = TcpStream::from(fd);
        socket.set_nonblocking(true)?;
        let stream =
            TcpSocket::from_std_stream(socket).connect(SocketAddr::V4(SocketAddrV4::new(to, port))).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A thread has a network namespace of its own, so this one moves and goes.
    fn inside<T: Send + 'static>(
        &self,
        make: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let namespace = Arc::clone(&self.0);
        let inside = thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
            make()
        });
        inside.join().unwrap_or_else(|_| Err(io::Error::other("a thread in another namespace broke")))
    }
}

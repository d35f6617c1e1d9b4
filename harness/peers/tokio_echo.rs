//! tokio: a task for each client, as in the example with which its README begins.
//!
//! Added to it: answers leave at once (set_nodelay), and an accept that fails is not the end. Its
//! buffer of 1 KiB is of 32 KiB here, as the kit's. The runtime has as many threads as there are
//! processors, unless it is told to have one.
//!
//! usage: peer_tokio PORT [--one-thread]

use std::{env, io, process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

async fn echo(mut client: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let count = client.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        client.write_all(&buffer[..count]).await?;
    }
}

async fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        if let Ok((client, _)) = listener.accept().await {
            tokio::spawn(echo(client));
        }
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (port, mut runtime) = match arguments.as_slice() {
        [port] => (port, Builder::new_multi_thread()),
        [port, option] if option == "--one-thread" => (port, Builder::new_current_thread()),
        _ => {
            eprintln!("usage: peer_tokio PORT [--one-thread]");
            process::exit(2);
        }
    };
    let port = port.parse().expect("PORT is a number");
    runtime.enable_io().build()?.block_on(serve(port))
}

//! Files of a folder for a browser on this machine. By hand: `tiny_http` was seen to leave one of
//! several connections that a browser opens at once without an answer, twice in ten runs.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A port of this machine alone; 0 takes a free one.
pub(crate) fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("port {port} is not free"))
}

/// Answers for as long as the program runs.
pub(crate) fn answer(listener: &TcpListener, folder: &Path) {
    for stream in listener.incoming().flatten() {
        let folder = folder.to_owned();
        // Who asked may have gone; that is no fault of the server. A browser also opens connections
        // that it may never use: each waits on its own.
        std::thread::spawn(move || answer_one(stream, &folder));
    }
}

fn answer_one(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // The headers say nothing that matters here.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let found = file_of(&request, folder).and_then(|file| Some((std::fs::read(&file).ok()?, file)));
    let (status, kind, body) = match found {
        Some((bytes, file)) => ("200 OK", kind_of(&file), bytes),
        None => ("404 Not Found", "text/plain", b"there is no such file".to_vec()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-cache\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}

/// The file that a request's first line asks for, inside the folder.
fn file_of(request: &str, folder: &Path) -> Option<PathBuf> {
    let path = request.strip_prefix("GET /")?.split([' ', '?', '#']).next()?;
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return None;
    }
    let file = folder.join(path);
    Some(if file.is_dir() { file.join("index.html") } else { file })
}

fn kind_of(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("flac") => "audio/flac",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn many_at_once_are_answered_and_nothing_outside_is_given_away() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("site")).unwrap();
        std::fs::write(folder.path().join("secret"), "secret").unwrap();
        std::fs::write(folder.path().join("site/index.html"), "<p>here").unwrap();
        let listener = listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let site = folder.path().join("site");
        std::thread::spawn(move || answer(&listener, &site));
        // These are open and ask for nothing.
        let _idle: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
        for (path, wanted) in [
            ("/", "<p>here"),
            ("/index.html?a", "<p>here"),
            ("/../secret", "no such"),
            ("/x", "404"),
        ] {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.contains(wanted) && !answer.contains("secret\n"), "{path}: {answer}");
        }
        assert_eq!(file_of("GET //etc/passwd HTTP/1.1", Path::new("/a")), None);
    }
}

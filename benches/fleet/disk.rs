//! What the disk does: the time of one small append made durable with `fdatasync`.

use std::io::Write;
use std::path::Path;

/// Bytes of one append: a page, as the log's file writes them.
const PAGE: usize = 4096;

/// Milliseconds of each of `count` durable appends to a file in this folder.
pub(crate) fn durable_appends(folder: &Path, count: usize) -> anyhow::Result<Vec<f64>> {
    let path = folder.join("disk-probe");
    let mut file = fs_err::File::create(&path)?;
    let page = [7; PAGE];
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = crate::now();
        file.write_all(&page)?;
        file.sync_data()?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    fs_err::remove_file(path)?;
    Ok(took)
}

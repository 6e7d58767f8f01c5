//! Which file systems are another machine's, or shared with one.

use std::path::Path;

/// What a folder is on and where that is mounted, if it is a network or shared file system.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn network_of(dir: &Path) -> Option<String> {
    let about = rustix::fs::statfs(dir).ok()?;
    // Its type differs by machine; the numbers have 32 bits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::unnecessary_cast)]
    let magic = about.f_type as u32;
    let table =
        super::super::disk::read_start(Path::new("/proc/self/mountinfo"), crate::limits::MOUNT_TABLE_BYTES);
    linux::judge(magic, dir, &String::from_utf8_lossy(&table.unwrap_or_default()))
}

/// What a folder is on and where that is mounted, if it is not on a disk of this machine.
#[cfg(target_vendor = "apple")]
pub(super) fn network_of(dir: &Path) -> Option<String> {
    /// Stored on this machine.
    const LOCAL: u32 = 0x1000;
    let about = rustix::fs::statfs(dir).ok()?;
    let text = |field: &[std::ffi::c_char]| {
        let bytes: Vec<u8> =
            field.iter().take_while(|byte| **byte != 0).map(|byte| byte.cast_unsigned()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let is_local = about.f_flags & LOCAL != 0;
    (!is_local).then(|| format!("{}, mounted at {}", text(&about.f_fstypename), text(&about.f_mntonname)))
}

/// Elsewhere it cannot be told.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) const fn network_of(_: &Path) -> Option<String> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    /// Numbers that `statfs` gives, and the names of what they are.
    const NETWORK: [(u32, &str); 15] = [
        (0x6969, "nfs"),
        (0x517b, "smb"),
        (0xff53_4d42, "cifs"),
        (0xfe53_4d42, "smb3"),
        (0x564c, "ncp"),
        (0x7375_7245, "coda"),
        (0x5346_414f, "afs"),
        (0x0102_1997, "9p"),
        (0x00c3_6400, "ceph"),
        (0x0bd0_0bd0, "lustre"),
        (0x0116_1970, "gfs2"),
        (0x7461_636f, "ocfs2"),
        (0x4750_4653, "gpfs"),
        (0x786f_4256, "vboxsf"),
        (0xbacb_acbc, "vmhgfs"),
    ];
    /// A file system that a program serves: the table of mounts says which.
    const FUSE: u32 = 0x6573_5546;
    /// Those of them that keep their files on a disk of this machine.
    const LOCAL_FUSE: [&str; 9] = [
        "fuseblk",
        "fuse.bindfs",
        "fuse.cryfs",
        "fuse.encfs",
        "fuse.fuse-overlayfs",
        "fuse.gocryptfs",
        "fuse.mergerfs",
        "fuse.ntfs-3g",
        "fuse.veracrypt",
    ];

    pub(super) fn judge(magic: u32, dir: &Path, mountinfo: &str) -> Option<String> {
        let mount = mount_of(dir, mountinfo);
        let kind = match NETWORK.iter().find(|(number, _)| *number == magic) {
            Some((_, name)) => mount.as_ref().map_or(*name, |(_, kind)| kind),
            None if magic == FUSE => match &mount {
                Some((_, kind)) if LOCAL_FUSE.contains(kind) => return None,
                Some((_, kind)) => kind,
                None => "fuse",
            },
            None => return None,
        };
        let at = mount.as_ref().map(|(at, _)| format!(", mounted at {}", String::from_utf8_lossy(at)));
        Some(format!("{kind}{}", at.unwrap_or_default()))
    }

    /// Where the file system of a folder is mounted, and its type: of all mounts above the folder the lowest, of those the last.
    fn mount_of<'a>(dir: &Path, mountinfo: &'a str) -> Option<(Vec<u8>, &'a str)> {
        let mounts = mountinfo.lines().filter_map(|line| {
            let (before, behind) = line.split_once(" - ")?;
            Some((unescaped(before.split(' ').nth(4)?), behind.split(' ').next()?))
        });
        let above = mounts.filter(|(at, _)| dir.starts_with(Path::new(OsStr::from_bytes(at))));
        above.max_by_key(|(at, _)| at.len())
    }

    /// A path of the table: blanks and the like stand as three octal digits.
    fn unescaped(field: &str) -> Vec<u8> {
        let (mut path, mut rest) = (Vec::new(), field.as_bytes());
        while let Some((first, behind)) = rest.split_first() {
            let octal = (*first == b'\\').then(|| behind.split_at_checked(3)).flatten();
            let byte =
                octal.and_then(|(digits, _)| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
            match (byte, octal) {
                (Some(byte), Some((_, behind))) => {
                    path.push(byte);
                    rest = behind;
                }
                _ => {
                    path.push(*first);
                    rest = behind;
                }
            }
        }
        path
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const TABLE: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:50 / /home rw,relatime shared:9 - nfs4 server:/export/home rw,vers=4.2
41 40 0:51 / /home/a\\040b rw,nosuid - fuse.sshfs a@b: rw,user_id=0
42 27 0:52 / /crypt rw - fuse.gocryptfs /home/x rw
43 27 0:53 / /win rw master:1 - 9p C:\\134 rw
44 27 254:0 /data /home/someone rw - ext4 /dev/vda rw
45 27 0:54 / /vm rw - virtiofs tag rw
46 27 0:55 / /stick rw - fuseblk /dev/sdb1 rw
";
        const EXT4: u32 = 0xef53;

        fn judged(magic: u32, dir: &str) -> Option<String> {
            judge(magic, Path::new(dir), TABLE)
        }

        #[test]
        fn a_network_file_system_is_named_with_its_mount() {
            for (magic, dir, told) in [
                (0x6969, "/home/wallet", "nfs4, mounted at /home"),
                (0x0102_1997, "/win/wallet", "9p, mounted at /win"),
                (FUSE, "/home/a b/wallet", "fuse.sshfs, mounted at /home/a b"),
                (FUSE, "/vm", "virtiofs, mounted at /vm"),
                (0xff53_4d42, "/somewhere", "ext4, mounted at /"),
            ] {
                assert_eq!(judged(magic, dir).as_deref(), Some(told), "{dir}");
            }
            assert_eq!(judge(FUSE, Path::new("/x"), "").as_deref(), Some("fuse"));
            assert_eq!(judge(0x6969, Path::new("/x"), "rubbish - \n- ").as_deref(), Some("nfs"));
        }

        #[test]
        fn a_disk_of_this_machine_is_not() {
            for (magic, dir) in [
                (EXT4, "/home/someone/wallet"),
                (EXT4, "/var/wallet"),
                (0x0102_1994, "/dev/shm"),
                (0x9123_683e, "/btrfs"),
                (0x794c_7630, "/overlay"),
                (FUSE, "/crypt/wallet"),
                (FUSE, "/stick"),
            ] {
                assert_eq!(judged(magic, dir), None, "{dir}");
            }
        }
    }
}

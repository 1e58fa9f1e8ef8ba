#!/bin/sh
# Copy into a folder what the agent needs of the installed packages, and nothing else:
#   strip.sh FOLDER
# Programs with the libraries that they name, Python without the parts that nothing imports.
set -eu
root=$1
python=$(readlink -f /usr/bin/python3)
stdlib=/usr/lib/${python##*/}
programs="$python /usr/sbin/nginx /usr/bin/openssl"

copy() {
  for path in "$@"; do
    mkdir -p "$root$(dirname "$path")"
    cp -a "$path" "$root$path"
  done
}

# Libraries lie in /usr since Debian merged /lib into it.
libraries() {
  ldd "$@" 2>/dev/null | awk '$2 == "=>" { print $3 } $1 ~ /^\// && $2 ~ /^\(/ { print $1 }' | sort -u
}

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done

copy $programs "$stdlib" /usr/lib/python3/dist-packages/supervisor
ln -s "${python##*/}" "$root/usr/bin/python3"
for path in /usr/lib/python3/dist-packages/pkg_resources /usr/lib/python3/dist-packages/supervisor-*; do
  [ ! -e "$path" ] || copy "$path"
done

for name in test tests idlelib tkinter turtledemo turtle.py lib2to3 ensurepip pydoc_data pydoc.py venv distutils \
  sqlite3 curses dbm wsgiref unittest doctest.py pdb.py; do
  rm -rf "${root:?}$stdlib/$name"
done
# Old character sets of East Asia, databases, terminals, tests.
for name in _codecs_ _multibytecodec _sqlite3 _dbm _gdbm _curses _tkinter _test _xx _ctypes_test readline nis ossaudio audioop; do
  rm -f "$root$stdlib/lib-dynload/$name"*
done
rm -rf "$root$stdlib"/config-*

for library in $(libraries $programs "$root$stdlib"/lib-dynload/*.so); do
  target=$root$(readlink -f "$(dirname "$library")")/${library##*/}
  mkdir -p "$(dirname "$target")"
  cp -L "$library" "$target"
done

copy /etc/ssl/certs/ca-certificates.crt /etc/ssl/openssl.cnf
mkdir -p "$root/usr/lib/ssl"
ln -s /etc/ssl/openssl.cnf "$root/usr/lib/ssl/openssl.cnf"
ln -s /etc/ssl/certs "$root/usr/lib/ssl/certs"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"

printf 'root:x:0:0:root:/:/nologin\nagent:x:65532:65532:agent:/:/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nagent:x:65532:\n' >"$root/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
mkdir -p "$root/etc/dce" "$root/host" "$root/run" "$root/var/log/nginx" "$root/usr/share/dce"
ln -s /run "$root/var/run"
mkdir -m 1777 "$root/tmp"

# What is in it, for those who look for known weaknesses.
dpkg-query -W -f '${Package} ${Version}\n' "${python##*/}-minimal" nginx openssl 'libssl3*' libc6 supervisor zlib1g \
  >"$root/usr/share/dce/packages"
find "$root" -name '*.a' -delete
du -sm "$root"

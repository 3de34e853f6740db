#!/bin/sh
# Lays out what the image holds: the program, the libraries that it is linked with, certificates, and a user. No shell, no
# package manager, no curl.
#
#   root.sh PROGRAM FOLDER     in a stage of the Dockerfile, as root
set -eu
program=$1 root=$2

mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/data" "$root/tmp"
cp "$program" "$root/usr/local/bin/deskhand"
chmod 0755 "$root/usr/local/bin/deskhand"

# Each library is put where the program looks for it; the loader is one of them.
ldd "$program" | grep -o '/[^ ]*' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'deskhand:x:1000:1000:Deskhand:/data:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'deskhand:x:1000:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chown 1000:1000 "$root/data"
chmod 1777 "$root/tmp"

# shellcheck shell=bash disable=SC2034
# What more than one script needs: messages, packages, the release build. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Daemons and ip(8) are there, and not on everybody's path.
PATH=$PATH:/usr/sbin:/sbin
cd "$root" || exit 1

version=$(sed -n 's/.*passimVersion = "\(.*\)".*/\1/p' Sources/PassimCore/Version.swift)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$(basename "$0"): $*"
    exit 1
}

# Packages, one a line: what shows that it is there (a command, a pkg-config module or a file), its name on
# Debian, its name on Fedora.
build_packages='
command:pkg-config            pkg-config        pkgconf-pkg-config
module:openssl                libssl-dev        openssl-devel
module:gio-unix-2.0           libglib2.0-dev    glib2-devel
module:sqlite3                libsqlite3-dev    sqlite-devel
file:/usr/include/inotifytools/inotifytools.h libinotifytools0-dev inotify-tools-devel
module:libcurl                libcurl4-openssl-dev libcurl-devel
module:libsystemd             libsystemd-dev    systemd-devel
module:avahi-client           libavahi-client-dev avahi-devel
file:/usr/share/mime/mime.cache shared-mime-info shared-mime-info
'
run_packages='
command:curl                  curl              curl
'
test_packages='
command:curl                  curl              curl
command:openssl               openssl           openssl
command:ip                    iproute2          iproute
command:setpriv               util-linux        util-linux
file:/bin/kill                procps            util-linux
file:/etc/protocols           netbase           setup
command:readelf               binutils          binutils
command:setfattr              attr              attr
command:strace                strace            strace
command:bindfs                bindfs            bindfs
command:unionfs               unionfs-fuse      unionfs-fuse
command:mkfs.ext4             e2fsprogs         e2fsprogs
command:mkfs.xfs              xfsprogs          xfsprogs
command:dbus-daemon           dbus              dbus-daemon
command:gdbus                 libglib2.0-bin    glib2
command:busctl                systemd           systemd
command:avahi-daemon          avahi-daemon      avahi
command:avahi-browse          avahi-utils       avahi-tools
command:dnsmasq               dnsmasq-base      dnsmasq
command:rsync                 rsync             rsync
command:aria2c                aria2             aria2
command:wget                  wget              wget
command:git                   git               git
command:dpkg-deb              dpkg              dpkg
command:systemd-analyze       systemd           systemd
command:firewall-offline-cmd  firewalld         firewalld
command:ufw                   ufw               ufw
command:appstreamcli          appstream         appstream
command:apparmor_parser       apparmor          apparmor-parser
command:checkmodule           checkpolicy       checkpolicy
command:semodule_package      semodule-utils    policycoreutils
file:/usr/libexec/selinux/hll/pp policycoreutils policycoreutils
command:secilc                secilc            secilc
command:mandoc                mandoc            mandoc
file:/usr/lib/python3/dist-packages/dbus/__init__.py python3-dbus python3-dbus
file:/usr/lib/python3/dist-packages/gi/__init__.py python3-gi python3-gobject-base
'
# For tests that are left out where these are missing: 200 MB that not everybody wants to have.
long_test_packages='
command:chromium              chromium          chromium
command:promtool              prometheus        golang-github-prometheus
file:/usr/share/selinux/default/base.pp.bz2 selinux-policy-default selinux-policy-targeted
command:wget2                 wget2             wget2
command:createrepo_c          createrepo-c      createrepo_c
file:/usr/lib/python3/dist-packages/librepo/__init__.py python3-librepo python3-librepo
file:/usr/lib/python3/dist-packages/requests/api.py python3-requests python3-requests
'
# For scripts/test-kernel; what its guest has is in that script.
kernel_packages='
command:debootstrap           debootstrap       debootstrap
command:qemu-system-x86_64    qemu-system-x86   qemu-system-x86-core
command:mke2fs                e2fsprogs         e2fsprogs
command:cpio                  cpio              cpio
'
picture_packages='
command:chromium              chromium          chromium
command:faketime              faketime          libfaketime
'
bench_packages='
command:nginx                 nginx-light       nginx
command:wrk                   wrk               wrk
command:h2load                nghttp2-client    nghttp2
command:curl                  curl              curl
command:openssl               openssl           openssl
command:setpriv               util-linux        util-linux
command:getfattr              attr              attr
command:bindfs                bindfs            bindfs
command:dbus-daemon           dbus              dbus-daemon
command:avahi-daemon          avahi-daemon      avahi
command:avahi-browse          avahi-utils       avahi-tools
'

is_there() {
    case $1 in
        command:*) command -v "${1#command:}" >/dev/null ;;
        module:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#module:}" ;;
        file:*) [[ -e ${1#file:} ]] ;;
    esac
}

# as_root COMMAND...: as it is, or with sudo.
as_root() {
    if ((EUID == 0)); then
        "$@"
    # Without a terminal nobody can type a password: fail rather than wait for one.
    elif [[ -t 0 ]]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# apt_get ARGUMENTS...: as root, and when no other apt or dpkg runs, for which it waits up to ten minutes.
apt_get() {
    local log status end=$((SECONDS + ${PASSIM_APT_PATIENCE:-600}))
    log=$(mktemp)
    while true; do
        status=0
        # The lock of dpkg is waited for by apt-get, those of its lists and archives are not.
        as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 "$@" 2>&1 \
            | tee "$log" >&2 || status=$?
        if ! ((status && SECONDS < end)) || ! grep -q -e "Could not get lock" -e "Unable to lock" "$log"; then break; fi
        say "another program is at the packages: waiting for it"
        sleep 3
    done
    rm -f "$log"
    return "$status"
}

# need PACKAGES: installs what is missing of a list, or says what is.
need() {
    local sign debian fedora
    local -a missing_debian=() missing_fedora=()
    while read -r sign debian fedora; do
        [[ -z $sign ]] && continue
        is_there "$sign" && continue
        missing_debian+=("$debian")
        missing_fedora+=("$fedora")
    done <<<"$1"
    ((${#missing_debian[@]})) || return 0

    local -a install
    if command -v apt-get >/dev/null; then
        install=(apt-get install --yes --no-install-recommends "${missing_debian[@]}")
    elif command -v dnf >/dev/null; then
        install=(dnf install --assumeyes "${missing_fedora[@]}")
    else
        die "install these first (names as on Debian): ${missing_debian[*]}"
    fi
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "not root and no sudo; run this as root first: ${install[*]}"
    fi
    say "installing: ${install[*]}"
    if [[ ${install[0]} == apt-get ]]; then
        apt_get "${install[@]:1}" && return
        # A machine that has never asked for the lists of packages has none.
        apt_get update && apt_get "${install[@]:1}" && return
    else
        as_root "${install[@]}" >&2 && return
    fi
    die "could not install; run this as root first: ${install[*]}"
}

need_swift() {
    command -v swift >/dev/null && return
    if command -v dnf >/dev/null; then
        need 'command:swift swift-lang swift-lang'
    else
        die "needs Swift 6.1 or later on the path: https://www.swift.org/install"
    fi
}

# build_release PRODUCT...: builds them and prints the directory that they are in.
#
# The one place that says how a release is built, so that what one script has built no other builds again. Swift's
# runtime goes into the program where the toolchain has it as archives, so that the program runs where there is no
# toolchain.
build_release() {
    local product
    # All symbols are bound at the start (ld -z now), so that the tables of them can be read-only.
    local -a flags=(-c release -Xlinker -z -Xlinker now)
    local resources
    resources=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1/p')
    # Without the rpath $ORIGIN then: there is nothing to be found beside it, and nothing to be put there.
    [[ -d ${resources}_static/linux ]] && flags+=(--static-swift-stdlib --disable-local-rpath)
    for product in "$@"; do
        swift build "${flags[@]}" --product "$product" >&2 || exit 1
    done
    swift build "${flags[@]}" --show-bin-path
}

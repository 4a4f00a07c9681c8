#!/bin/sh
# Gathers what altmap reads of a machine, into one archive on standard output or into a file. It only reads, and needs no more
# than a POSIX shell, tar and gzip; as root it also sees the pages.
#   ssh host sh -s < collect.sh > it.tgz      then      altmap show it.tgz
#   sh collect.sh -o it.tgz                   -p leaves the pages out: on big machines they take a while
set -u
export LC_ALL=C
out='' pages=yes
while [ $# -gt 0 ]; do
    case $1 in
    -o) [ $# -gt 1 ] || { echo 'collect.sh: -o needs a file' >&2; exit 2; }; out=$2; shift ;;
    -p) pages='' ;;
    *) echo 'usage: collect.sh [-o FILE] [-p]' >&2; exit 2 ;;
    esac
    shift
done
root=${ALTMAP_ROOT-}
if [ -z "$out" ] && [ -t 1 ]; then
    echo 'collect.sh: an archive is not for a terminal; give -o FILE, or send the output into a file' >&2
    exit 2
fi
if [ ! -d "$root/sys/devices/system/memory" ]; then
    echo 'collect.sh: this kernel has no memory hotplug: there is no /sys/devices/system/memory' >&2
    exit 1
fi

top=$(mktemp -d "${TMPDIR:-/tmp}/altmap.XXXXXX") || exit 1
trap 'rm -rf "$top"' EXIT
trap 'exit 130' INT TERM HUP
tree=$top/machine

# Files of /proc and /sys claim a size of 0 or of a page: they are read first, and the copies are archived.
take() {
    if [ -f "$root/$1" ] && [ -r "$root/$1" ]; then
        mkdir -p "$tree/${1%/*}"
        cat "$root/$1" > "$tree/$1" 2> /dev/null || rm -f "$tree/$1"
    fi
}

# The same of a file of one line, in a folder that is there: without a program, as a machine has them by the thousand.
line() {
    if { IFS= read -r text < "$root/$1"; } 2> /dev/null; then printf '%s\n' "$text" > "$tree/$1"; fi
}

for file in version cmdline zoneinfo buddyinfo pagetypeinfo iomem meminfo vmstat; do
    take "proc/$file"
done
memory=sys/devices/system/memory
for file in block_size_bytes auto_online_blocks crash_hotplug; do
    take "$memory/$file"
done
mkdir -p "$tree/$memory"
if [ -e "$root/$memory/probe" ]; then : > "$tree/$memory/probe"; fi
for folder in "$root/$memory"/memory[0-9]*; do
    [ -d "$folder" ] || continue
    name=$memory/${folder##*/}
    set -- "$tree/$name"
    for link in "$folder"/node[0-9]*; do
        if [ -e "$link" ]; then set -- "$@" "$tree/$name/${link##*/}"; fi
    done
    mkdir -p "$@"
    for file in state valid_zones removable; do
        line "$name/$file"
    done
done
node=sys/devices/system/node
for file in possible online has_memory has_normal_memory has_cpu; do
    take "$node/$file"
done
for folder in "$root/$node"/node[0-9]*; do
    [ -d "$folder" ] || continue
    name=$node/${folder##*/}
    mkdir -p "$tree/$name"
    for file in meminfo distance cpulist cpumap; do
        take "$name/$file"
    done
    if [ -e "$folder/reclaim" ]; then : > "$tree/$name/reclaim"; fi
    for pool in "$folder"/hugepages/hugepages-*; do
        for file in nr_hugepages free_hugepages surplus_hugepages; do
            take "$name/hugepages/${pool##*/}/$file"
        done
    done
done
for pool in "$root"/sys/kernel/mm/hugepages/hugepages-*; do
    for file in nr_hugepages free_hugepages surplus_hugepages; do
        take "sys/kernel/mm/hugepages/${pool##*/}/$file"
    done
done
for file in "$root"/sys/module/memory_hotplug/parameters/*; do
    take "sys/module/memory_hotplug/parameters/${file##*/}"
done
for memmap in "$root"/sys/firmware/memory/memory[0-9]*; do
    for file in config memmap_on_memory; do
        take "sys/firmware/memory/${memmap##*/}/$file"
    done
done
if [ "$pages" ]; then
    for file in kpageflags kpagecount; do
        take "proc/$file"
    done
    [ -s "$tree/proc/kpageflags" ] || echo 'collect.sh: note: without root, no page is seen: what hinders a block is not known then' >&2
fi

if [ "$out" ]; then
    tar -C "$top" -cf - machine | gzip > "$out"
else
    tar -C "$top" -cf - machine | gzip
fi

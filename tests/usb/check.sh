# What the cases check with.
failed=0
log=/tmp/log

# Seconds since the start, into $now.
clock() { read -r now rest </proc/uptime; }
pass() {
  clock
  echo "PASS $now s: $*"
}
fail() {
  failed=$((failed + 1))
  echo "FAIL $*"
  sed 's/^/  /' $log 2>/dev/null | tail -n 12
  [ $failed -lt 5 ] && return
  echo "FAIL the rest is not tried"
  poweroff -f
}

# until_true WHAT COMMAND...: at most a minute by the clock: some machines have much else to do. Where something has
# failed already it is ten seconds: much of what follows will.
until_true() {
  what=$1
  shift
  [ $failed = 0 ] && patience=60 || patience=10
  clock
  limit=$((${now%.*} + patience))
  while ! "$@" >/dev/null 2>&1; do
    clock
    if [ ${now%.*} -gt $limit ]; then
      fail "$what"
      return 1
    fi
    usleep 20000
  done
  pass "$what"
}

# start [OPTION]: guitai scan --json into $log. start_as_clerk: the same, ordinary. stop SIGNAL: ends it and waits.
start() {
  : >$log
  guitai scan --json $* >$log 2>&1 &
  scanner=$!
}
start_as_clerk() {
  : >$log
  su -s /bin/sh clerk -c "HOME=/tmp/clerk exec guitai scan --json $*" >$log 2>&1 &
  scanner=$!
}
stop() {
  kill -$1 $scanner
  wait $scanner 2>/dev/null
}

# as_clerk COMMAND...: as somebody ordinary.
as_clerk() { su -s /bin/sh clerk -c "HOME=/tmp/clerk $*"; }

# qemu COMMAND...: to its monitor.
qemu() { echo "QEMU $*" >/dev/console; }

# monitor_bus: what is said on the bus, as the kernel hears it, into "bus"; until $monitor is killed.
monitor_bus() {
  cat /sys/kernel/debug/usb/usbmon/0u >bus &
  monitor=$!
  hears() { ls -l /proc/$monitor/fd | grep -q usbmon; }
  until_true "the bus is listened to" hears
}

# How often the log has this event, or this code.
events() { grep -c "\"event\":\"$1\"" $log; }
has_events() { [ "$(events $1)" = $2 ]; }
has_code() { grep -q "\"code\":\"$1\"" $log; }

# page: the test page as a file, byte for byte what has to arrive. It shows the minute: made anew in the next one.
page() {
  minute=$(date +%M)
  [ "$minute" = "$paged" ] && return
  rm -f page
  printf '[printer]\nto = "file:/tmp/page"\ncolumns = 32\n' >file.toml
  GUITAI_CONFIG=/tmp/file.toml guitai print >/dev/null 2>&1
  paged=$minute
}
# prints_to WHERE [OPTION]: guitai prints there; the other side has it in arrived.
prints_to() {
  page
  printf '[printer]\nto = "%s"\ncolumns = 32\n' "$1" >printer.toml
  : >arrived
  GUITAI_CONFIG=/tmp/printer.toml guitai print $2 >$log 2>&1
}

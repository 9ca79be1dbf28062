# Gadgets: devices that this kernel plays itself, each on a port of dummy_hcd.
# hid NAME VENDOR PRODUCT WHAT DESCRIPTOR LENGTH SUBCLASS PROTOCOL
gadgets=/sys/kernel/config/usb_gadget

hid() {
  g=$gadgets/$1
  mkdir $g $g/strings/0x409 $g/configs/c.1 $g/functions/hid.$1
  echo $2 >$g/idVendor
  echo $3 >$g/idProduct
  echo "$4" >$g/strings/0x409/product
  echo "N-$1" >$g/strings/0x409/serialnumber
  echo $7 >$g/functions/hid.$1/subclass
  echo $8 >$g/functions/hid.$1/protocol
  echo $6 >$g/functions/hid.$1/report_length
  bytes $5 >$g/functions/hid.$1/report_desc
  ln -s $g/functions/hid.$1 $g/configs/c.1/
}

# and_hid NAME FUNCTION DESCRIPTOR LENGTH: another HID interface of the same gadget.
and_hid() {
  g=$gadgets/$1
  mkdir $g/functions/hid.$2
  echo 0 >$g/functions/hid.$2/subclass
  echo 0 >$g/functions/hid.$2/protocol
  echo $4 >$g/functions/hid.$2/report_length
  bytes $3 >$g/functions/hid.$2/report_desc
  ln -s $g/functions/hid.$2 $g/configs/c.1/
}

# serial NAME VENDOR PRODUCT WHAT: a serial line (CDC-ACM); its other end here is /dev/ttyGS0.
serial() {
  g=$gadgets/$1
  mkdir $g $g/strings/0x409 $g/configs/c.1 $g/functions/acm.$1
  echo $2 >$g/idVendor
  echo $3 >$g/idProduct
  echo "$4" >$g/strings/0x409/product
  echo "N-$1" >$g/strings/0x409/serialnumber
  ln -s $g/functions/acm.$1 $g/configs/c.1/
}

# plug NAME PORT, unplug NAME
plug() { echo dummy_udc.$2 >$gadgets/$1/UDC; }
unplug() { echo >$gadgets/$1/UDC; }

# at NAME [FUNCTION]: what is sent from here on comes from this gadget.
at() { port=$(cut -d: -f2 $gadgets/$1/functions/hid.${2:-$1}/dev); }

# What more than one case needs, not yet plugged in.
pos() { hid pos 0x1209 0x0001 "Gadget Scanner" $pos_descriptor 64 0 0; }
keys() { hid keys 0x1209 0x0002 "Gadget Keyboard" $key_descriptor 8 1 1; }

# The same, plugged in.
with_pos() {
  [ -d $gadgets/pos ] || pos
  plug pos 0
  until_true "a scanner is there" has_driver "Gadget Scanner" usbhid
}
with_keys() {
  keys
  plug keys 1
  until_true "a keyboard is there" has_driver "Gadget Keyboard" usbhid
}
with_desk() {
  has_driver "QEMU USB Keyboard" usbhid || qemu device_add usb-kbd,id=desk
  until_true "somebody's own keyboard is there" has_driver "QEMU USB Keyboard" usbhid
}

# Each case begins with nothing plugged in but the keyboard somebody has, and nothing said in a configuration. The kernel
# plays four HID interfaces at most: those of the case before are no more.
clear_bench() {
  for g in $gadgets/*; do
    [ -z "$(cat $g/UDC 2>/dev/null)" ] || echo >$g/UDC
    [ -d $g/functions/hid.${g##*/} ] || continue
    rm -f $g/configs/c.1/hid.*
    rmdir $g/functions/hid.* $g/configs/c.1 $g/strings/0x409 $g
  done
  unset GUITAI_CONFIG
}

# Hexadecimal to bytes.
bytes() { echo "$1" | xxd -r -p; }

# device NAME: into $device the place in /sys of the device with this product name. Without another program: each costs
# tens of milliseconds here, and this is asked often.
device() {
  for device in /sys/bus/usb/devices/*/product; do
    product=
    read -r product 2>/dev/null <$device
    device=${device%/product}
    [ "$product" = "$1" ] && return
  done
  return 1
}

# has_driver NAME DRIVER [INTERFACE]: of its first interface or of another.
has_driver() {
  device "$1" || return
  link=$(readlink $device/*:1.${3:-0}/driver)
  [ "${link##*/}" = $2 ]
}

pos_descriptor=$(cat /test/pos.hex)
# The same on the other page of some Honeywell firmware.
rem_descriptor=068cff$(echo $pos_descriptor | cut -c 5- | sed 's/058c/068cff/g')
key_descriptor=05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503910395067508150025650507190029658100c0

# One report in Honeywell's layout: AIM identifier, text, 1 when more follows.
report() {
  text=$(printf %s "$1$2" | xxd -p | tr -d '\n')
  head=$(printf '02%02x' ${#2})
  tail=$(printf '%0*d' $((122 - ${#text} - ${#head} + 4)) 0)
  printf '%s%s%s%02d' "$head" "$text" "$tail" ${3:-0}
}

# send AIM TEXT [MORE]
send() { bytes "$(report "$@")" >/dev/hidg$port; }

# The node in /dev/bus/usb of the device with this product name.
node() {
  device "$1" && printf '/dev/bus/usb/%03d/%03d' $(cat $device/busnum) $(cat $device/devnum)
}

# The kernel's raw reports of the device with this product name.
hidraw() {
  device "$1" && echo /dev/$(basename $device/*:1.0/*/hidraw/*)
}

# The same at the speed of a scanner.
burst_digits() {
  for key in $(echo "$1" | sed 's/./& /g') enter; do
    case $key in enter) usage=28 ;; 0) usage=27 ;; *) usage=$(printf %02x $((29 + key))) ;; esac
    printf '0000%s00000000000000000000000000' $usage
  done | xxd -r -p >burst
  dd if=burst of=/dev/hidg$port bs=8 2>/dev/null
}

# Types digits and Enter on the keyboard gadget.
type_digits() {
  for key in $(echo "$1" | sed 's/./& /g') enter; do
    case $key in enter) usage=28 ;; 0) usage=27 ;; *) usage=$(printf %02x $((29 + key))) ;; esac
    bytes "0000${usage}0000000000" >/dev/hidg$port
    bytes 0000000000000000 >/dev/hidg$port
  done
}

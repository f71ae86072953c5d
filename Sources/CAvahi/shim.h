// libavahi-client and the parts of libavahi-common that it is used with.
#pragma once

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <string.h>

// The address is a union, which Swift cannot look into by type: its 4 or 16 bytes, in network order.
static inline void cavahi_address_bytes(const AvahiAddress *address, uint8_t bytes[16]) {
    memset(bytes, 0, 16);
    if (address->proto == AVAHI_PROTO_INET)
        memcpy(bytes, &address->data.ipv4, 4);
    else
        memcpy(bytes, &address->data.ipv6, 16);
}

static inline AvahiAddress cavahi_address(int protocol, const uint8_t bytes[16]) {
    AvahiAddress address;
    memset(&address, 0, sizeof address);
    address.proto = protocol;
    if (protocol == AVAHI_PROTO_INET)
        memcpy(&address.data.ipv4, bytes, 4);
    else
        memcpy(&address.data.ipv6, bytes, 16);
    return address;
}

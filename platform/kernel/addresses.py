"""Which network addresses a tenant's URL may make us connect to: pure, a list that can be checked by eye.

Source: the IANA IPv4 and IPv6 special-purpose address registries. Spelled out rather than taken from
`ipaddress.is_global`, whose answer differs between Python versions and counts NAT64 and 6to4 as public.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

_FORBIDDEN_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to loopback
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Only global unicast is public. Outside it lie loopback, IPv4-mapped ::ffff:0:0/96, NAT64 64:ff9b::/96 and
# 64:ff9b:1::/48, discard 100::/64, unique local fc00::/7, link-local fe80::/10 and multicast ff00::/8.
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")
_FORBIDDEN_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public_address(text: str) -> bool:
    """Say whether `text` is an address, and a public unicast one."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN_4)
    if address.scope_id or address not in _GLOBAL_UNICAST_6:
        return False
    return not any(address in network for network in _FORBIDDEN_6)

"""The configuration of our Dovecot; braces are doubled for str.format()."""

CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
{preload}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{folder}/mail
mail_max_userip_connections = 500
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = {delay}
auth_cache_size = 0
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
lmtp_hdr_delivery_address = {stamp}
lmtp_add_received_header = yes
{capability}

passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.ext
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = {folder}/passwd
}}
userdb {{
  driver = static
  args = user={account} uid={uid} gid={gid} home={folder}/mail allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  process_min_avail = 1
  inet_listener lmtp {{
    port = {lmtp}
  }}
  unix_listener lmtp {{
    mode = 0
  }}
}}
service anvil {{
  chroot =
  # No penalty for refused logins: it would slow every later test on the same address.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{extra}
"""

OAUTH2 = """\
introspection_mode = post
introspection_url = {url}
username_attribute = sub
active_attribute = active
active_value = true
"""

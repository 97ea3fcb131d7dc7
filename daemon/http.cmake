vault_layer(http_client FOLDER daemon USES base wire LINKS OpenSSL::SSL SOURCES http_client.cpp tls_context.cpp tls_trust.cpp websocket.cpp)

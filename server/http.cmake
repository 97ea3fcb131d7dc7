vault_layer(http_server FOLDER server USES base wire LINKS OpenSSL::SSL
  SOURCES http_answer.cpp http_server.cpp listener.cpp tls_files.cpp uploads.cpp websocket.cpp)

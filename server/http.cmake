vault_layer(http_server FOLDER server USES base wire LINKS OpenSSL::SSL
  SOURCES http_answer.cpp http_server.cpp listener.cpp uploads.cpp websocket.cpp)

app_name = "styleguide"
urlpatterns: list = []

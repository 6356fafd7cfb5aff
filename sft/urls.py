from django.urls import URLPattern

app_name = "sft"
urlpatterns: list[URLPattern] = []

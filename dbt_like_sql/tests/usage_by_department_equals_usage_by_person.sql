{{ config(severity='error', meta={'grain': 'local_date'}) }}

with departments as (

    select
        local_date,
        sum(messages) as messages,
        sum(deliveries) as deliveries
    from {{ ref('usage_by_department_daily') }}
    group by local_date

),

people as (

    select
        local_date,
        sum(messages) as messages,
        sum(deliveries) as deliveries
    from {{ ref('usage_by_person_daily') }}
    group by local_date

)

select
    people.local_date,
    departments.messages as messages_of_departments,
    people.messages as messages_of_people
from people
left join departments on people.local_date = departments.local_date
where
    coalesce(departments.messages, 0) <> people.messages
    or coalesce(departments.deliveries, 0) <> people.deliveries

{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with usage as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_usage_summed') }}

),

summed as (

    select
        local_month,
        person_id,
        count(distinct case when conversation is not null then local_date end) as active_days,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(internal) as bigint) as internal,
        cast(sum(between_sites) as bigint) as between_sites,
        cast(sum(external) as bigint) as external,
        cast(sum(deliveries) as bigint) as deliveries,
        cast(sum(characters) as bigint) as characters,
        cast(sum(body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3)) as kilobytes,
        cast(sum(billed_file_bytes) as decimal(30, 0)) * cast(0.000001 as decimal(7, 6))
            as file_megabytes,
        count(distinct conversation) as conversations,
        cast(sum(received) as bigint) as received,
        cast(sum(received_body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3))
            as received_kilobytes,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from usage
    group by local_month, person_id

),

places as (

    select
        local_month,
        person_id,
        name,
        site,
        department,
        cost_centre,
        row_number() over (
            partition by local_month, person_id
            order by
                local_date desc,
                local_hour desc,
                site asc,
                department asc,
                cost_centre asc,
                name asc
        ) as place
    from usage

),

final as (

    select
        summed.local_month,
        summed.person_id,
        places.name,
        case when summed.person_id = 'unknown' then 'unknown' else places.site end as site,
        places.department,
        places.cost_centre,
        summed.active_days,
        summed.messages,
        summed.file_transfers,
        summed.internal,
        summed.between_sites,
        summed.external,
        summed.deliveries,
        summed.characters,
        summed.kilobytes,
        summed.file_megabytes,
        summed.conversations,
        summed.received,
        summed.received_kilobytes,
        summed.first_sent_at,
        summed.last_sent_at
    from summed
    inner join places
        on
            summed.local_month = places.local_month
            and summed.person_id = places.person_id
            and places.place = 1

)

select * from final
